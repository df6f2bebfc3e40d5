// SPDX-License-Identifier: GPL-2.0
/*
 * Links over a USB serial adapter that this program drives itself, through libusb and
 * without a tty of the kernel's. common/usb_serial.h knows the chips; this file moves
 * the bytes.
 *
 * libusb's file descriptors are watched by the event loop. Its callbacks only take notes:
 * inside of one libusb can neither wait for a transfer nor be closed. What follows from
 * them is done by settle(), from the loop.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <libusb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "usb_adapters.h"

#define IN_TRANSFERS	4	/* so that the device never waits for us */
#define TRANSFER_SIZE	4096

/* How long one request to the chip may take, in ms. */
#define REQUEST_MS	1000

/* How long a BREAK waits for what was queued before it, and how long it is, in ms. */
#define DRAIN_MS	250
#define BREAK_MS	250

/* Stalls without a byte in between, after which the device is given up. */
#define STALLS_MAX	8

/* Transfers fail for so many ms before the hub tells that the device is unplugged. */
#define UNPLUG_MS	500

/* A file descriptor of libusb's in the event loop. */
struct watch {
	struct watch *next;
	struct event *event;
	int fd;
};

struct pipe {
	struct link_usb *lu;
	struct libusb_transfer *transfer;
	bool flying;		/* libusb has it */
	unsigned char data[TRANSFER_SIZE];
};

struct link_usb {
	struct link link;
	struct usb_adapter adapter;
	int fd;			/* of the node; -1: not open */
	libusb_context *context;
	libusb_device_handle *handle;
	unsigned int claimed;	/* interfaces: 1 the control one, 2 that and the data one */
	struct watch *watches;
	struct event *timer;	/* libusb's */
	struct event *later;	/* settle(), soon */
	struct pipe in[IN_TRANSFERS];
	struct pipe out;
	struct evbuffer *received;
	struct evbuffer *queue;
	uint64_t sent_by;	/* when the chip has sent what it was given, in ms */
	unsigned int stalls;
	uint64_t trouble;	/* when to give up after transfers have failed, 0: never */
	bool in_stalled, out_stalled;
	bool up;
	int err;		/* the link is lost or could not be opened: errno value ... */
	bool fatal;
	bool failed;
	char hint[512];		/* ... and what to do, may be empty */
};

static struct link_usb *of(struct link *link)
{
	return (struct link_usb *)link;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static int to_errno(int usb)
{
	switch (usb) {
	case LIBUSB_ERROR_ACCESS:	return EACCES;
	case LIBUSB_ERROR_NO_DEVICE:	return ENODEV;
	case LIBUSB_ERROR_BUSY:		return EBUSY;
	case LIBUSB_ERROR_TIMEOUT:	return ETIMEDOUT;
	case LIBUSB_ERROR_PIPE:		return EPIPE;
	case LIBUSB_ERROR_NO_MEM:	return ENOMEM;
	case LIBUSB_ERROR_OVERFLOW:	return EOVERFLOW;
	default:			return EIO;
	}
}

/* Note a failure, the first one only; settle() tells it. */
static void __attribute__((format(printf, 4, 5)))
fail(struct link_usb *lu, int err, bool fatal, const char *hint, ...)
{
	va_list args;

	if (lu->failed)
		return;
	lu->failed = true;
	lu->err = err;
	lu->fatal = fatal;
	va_start(args, hint);
	vsnprintf(lu->hint, sizeof(lu->hint), hint, args);
	va_end(args);
	event_active(lu->later, EV_TIMEOUT, 0);
}

static void fail_gone(struct link_usb *lu)
{
	fail(lu, ENODEV, false, "%s was unplugged: plug it in again", lu->adapter.topology);
}

static void fail_usb(struct link_usb *lu, int usb, const char *what)
{
	if (usb == LIBUSB_ERROR_NO_DEVICE || usb == LIBUSB_ERROR_NOT_FOUND)
		fail_gone(lu);
	else
		fail(lu, to_errno(usb), false, "the adapter at %s %s: plug it in again",
		     lu->adapter.topology, what);
}

/* Transfers. */

static void submit(struct pipe *pipe)
{
	int r = libusb_submit_transfer(pipe->transfer);

	if (r < 0)
		fail_usb(pipe->lu, r, "takes no transfers");
	else
		pipe->flying = true;
}

static bool flying(const struct link_usb *lu)
{
	unsigned int i;

	for (i = 0; i < IN_TRANSFERS; i++)
		if (lu->in[i].flying)
			return true;
	return false;
}

/* Whether a transfer has come back well; takes note of what else it may be. */
static bool came_back(struct link_usb *lu, struct libusb_transfer *t, bool *stalled)
{
	switch (t->status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return true;
	case LIBUSB_TRANSFER_STALL:
		*stalled = true;
		event_active(lu->later, EV_TIMEOUT, 0);
		break;
	case LIBUSB_TRANSFER_CANCELLED:
		break;
	case LIBUSB_TRANSFER_NO_DEVICE:
		fail_gone(lu);
		break;
	default:
		if (!lu->trouble)
			lu->trouble = now_ms() + UNPLUG_MS;
		event_active(lu->later, EV_TIMEOUT, 0);
	}
	return false;
}

static void LIBUSB_CALL in_done(struct libusb_transfer *t)
{
	struct pipe *pipe = t->user_data;
	struct link_usb *lu = pipe->lu;
	unsigned int header = usb_serial_header(&lu->adapter.port);
	unsigned int max = lu->adapter.port.in_max;
	unsigned int at, len, left = t->actual_length;

	pipe->flying = false;
	for (at = 0; left; at += len, left -= len) {
		len = left < max ? left : max;
		if (len > header)
			evbuffer_add(lu->received, pipe->data + at + header, len - header);
	}
	if (!came_back(lu, t, &lu->in_stalled))
		return;
	lu->stalls = 0;
	if (lu->handle && !lu->failed && !lu->in_stalled)
		submit(pipe);
}

static void send_more(struct link_usb *lu)
{
	int len;

	if (!lu->handle || lu->failed || lu->out.flying || lu->out_stalled)
		return;
	len = evbuffer_remove(lu->queue, lu->out.data, sizeof(lu->out.data));
	if (len <= 0)
		return;
	lu->out.transfer->length = len;
	submit(&lu->out);
}

static void LIBUSB_CALL out_done(struct libusb_transfer *t)
{
	struct pipe *pipe = t->user_data;
	struct link_usb *lu = pipe->lu;
	uint64_t now = now_ms();

	pipe->flying = false;
	if (lu->sent_by < now)
		lu->sent_by = now;
	/* A start bit, eight, a stop bit. */
	lu->sent_by += t->actual_length * 10000ULL / lu->link.spec->baud + 1;
	if (came_back(lu, t, &lu->out_stalled)) {
		lu->stalls = 0;
	} else if (lu->out_stalled) {
		/* What has not gone goes again. */
		evbuffer_prepend(lu->queue, pipe->data + t->actual_length,
				 t->length - t->actual_length);
	}
	send_more(lu);
}

static void cancel_in(struct link_usb *lu)
{
	int i;

	for (i = 0; i < IN_TRANSFERS; i++)
		if (lu->in[i].flying)
			libusb_cancel_transfer(lu->in[i].transfer);
}

/* A stalled endpoint works again once it is told to; from the loop, as this waits. */
static void unstall(struct link_usb *lu)
{
	const struct usb_serial *port = &lu->adapter.port;
	bool in = lu->in_stalled && !flying(lu);
	int i, r = 0;

	/* Those behind the one that stalled may wait for ever: get them back first. */
	if (lu->in_stalled && !in)
		cancel_in(lu);
	if (lu->failed || !(in || lu->out_stalled))
		return;
	if (++lu->stalls > STALLS_MAX) {
		fail(lu, EPIPE, false, "the adapter at %s refuses all transfers: plug it in again",
		     lu->adapter.topology);
		return;
	}
	if (in)
		r = libusb_clear_halt(lu->handle, port->in);
	if (r == 0 && lu->out_stalled)
		r = libusb_clear_halt(lu->handle, port->out);
	if (r < 0) {
		fail_usb(lu, r, "does not recover from a stall");
		return;
	}
	lu->out_stalled = false;
	send_more(lu);
	if (!in)
		return;
	lu->in_stalled = false;
	for (i = 0; i < IN_TRANSFERS; i++)
		submit(&lu->in[i]);
}

/* The event loop. */

/* Transfers have failed: for an unplugged device, a better word than this will come. */
static void wait_for_unplug(struct link_usb *lu)
{
	uint64_t now = now_ms();
	struct timeval t = { 0, UNPLUG_MS * 1000 };

	if (now >= lu->trouble)
		fail(lu, EIO, false, "the adapter at %s has trouble on the bus: is its cable good?",
		     lu->adapter.topology);
	else
		event_add(lu->later, &t);
}

/* Do what the callbacks have noted. The link may be closed after this. */
static void settle(struct link_usb *lu)
{
	unsigned char data[16384];
	int len;

	if (lu->handle && !lu->up && !lu->failed) {
		lu->up = true;
		link_is_up(&lu->link);
	}
	if (lu->handle)
		unstall(lu);
	if (lu->trouble && !lu->failed)
		wait_for_unplug(lu);
	while (lu->up && (len = evbuffer_remove(lu->received, data, sizeof(data))) > 0)
		lu->link.events->data(lu->link.arg, data, len);
	if (lu->failed)
		link_failed(&lu->link, lu->err, *lu->hint ? lu->hint : NULL, lu->fatal);
}

/* libusb wants to be called again, whatever happens, where it has no timerfd. */
static void set_timer(struct link_usb *lu)
{
	struct timeval t;

	if (!libusb_pollfds_handle_timeouts(lu->context) &&
	    libusb_get_next_timeout(lu->context, &t) == 1)
		evtimer_add(lu->timer, &t);
}

/* Let libusb see what there is, for some ms. */
static void handle_events(struct link_usb *lu, unsigned int ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	libusb_handle_events_timeout_completed(lu->context, &t, NULL);
}

static void ready(evutil_socket_t fd, short what, void *arg)
{
	struct link_usb *lu = arg;

	(void)fd;
	(void)what;
	handle_events(lu, 0);
	set_timer(lu);
	/* Not before the link is up, which the event that is pending says. */
	if (lu->up)
		settle(lu);
}

static void soon(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	settle(arg);
}

static void LIBUSB_CALL watch_fd(int fd, short events, void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct link_usb *lu = arg;

	if (!w)
		abort();	/* out of memory, at a time when there is nothing to save */
	w->fd = fd;
	w->event = event_new(lu->link.base, fd, EV_PERSIST | (events & POLLIN ? EV_READ : 0) |
			     (events & POLLOUT ? EV_WRITE : 0), ready, lu);
	if (!w->event || event_add(w->event, NULL) < 0)
		abort();
	w->next = lu->watches;
	lu->watches = w;
}

static void LIBUSB_CALL unwatch_fd(int fd, void *arg)
{
	struct link_usb *lu = arg;
	struct watch **p, *w;

	for (p = &lu->watches; (w = *p); p = &w->next) {
		if (w->fd != fd)
			continue;
		*p = w->next;
		event_free(w->event);
		free(w);
		return;
	}
}

static void watch_all(struct link_usb *lu)
{
	const struct libusb_pollfd **fds = libusb_get_pollfds(lu->context);
	int i;

	for (i = 0; fds && fds[i]; i++)
		watch_fd(fds[i]->fd, fds[i]->events, lu);
	libusb_free_pollfds(fds);
	libusb_set_pollfd_notifiers(lu->context, watch_fd, unwatch_fd, lu);
}

/* Opening. */

static void fail_none(struct link_usb *lu)
{
	const char *selector = lu->link.spec->path;

	if (*selector)
		fail(lu, ENODEV, false, "there is no USB device %s here: is it plugged in? \"kgdb-io list\" shows what there is",
		     selector);
	else
		fail(lu, ENODEV, false, "there is no USB serial adapter here with a chip that is known (FTDI, CP210x, CH34x, PL2303, CDC-ACM): is it plugged in?");
}

static void fail_many(struct link_usb *lu, const struct usb_adapter *list, size_t n)
{
	char text[384] = "", one[256];
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		usb_adapter_describe(&list[i], one, sizeof(one));
		if (len + strlen(one) + 8 > sizeof(text)) {
			strcpy(text + len, ", ...");
			break;
		}
		len += sprintf(text + len, "%s%s", i ? ", " : "", one);
	}
	fail(lu, -1, true, "there is more than one adapter: choose with e.g. usb:%s of %s",
	     list[0].topology, text);
}

/* The one adapter that the LINK means. */
static bool find(struct link_usb *lu)
{
	const char *selector = lu->link.spec->path;
	struct usb_adapter *list;
	size_t i, n, good = 0;
	char one[256];

	if (!usb_selector_valid(selector)) {
		fail(lu, -1, true, "'%.64s' selects no adapter: write VID:PID (e.g. 0403:6001), serial=STRING or BUS-PORT (e.g. 1-1.4)",
		     selector);
		return false;
	}
	n = usb_adapters_find(selector, &list);
	if (n)
		lu->adapter = list[0];
	for (i = 0; i < n; i++)
		if (!list[i].why_not)
			list[good++] = list[i];
	if (good == 1) {
		lu->adapter = list[0];
	} else if (good) {
		fail_many(lu, list, good);
	} else if (n) {
		usb_adapter_describe(&lu->adapter, one, sizeof(one));
		fail(lu, -1, true, "%s cannot be used: %s: \"kgdb-io list\" shows what can",
		     one, lu->adapter.why_not);
	} else {
		fail_none(lu);
	}
	free(list);
	return good == 1;
}

/* The result is libusb's; a stall that does not matter is none. */
static int control(struct link_usb *lu, struct usb_serial_request *requests, unsigned int n)
{
	struct usb_serial_request *q;
	unsigned int i;
	int r;

	for (i = 0; i < n; i++) {
		q = &requests[i];
		r = libusb_control_transfer(lu->handle, q->type, q->request, q->value, q->index,
					    q->data, q->length, REQUEST_MS);
		if (r < 0 && !(q->may_fail && r == LIBUSB_ERROR_PIPE))
			return r;
	}
	return 0;
}

static bool open_node(struct link_usb *lu)
{
	lu->fd = open(lu->adapter.node, O_RDWR | O_CLOEXEC);
	if (lu->fd >= 0)
		return true;
	if (errno == EACCES || errno == EPERM)
		fail(lu, errno, false, "%s: " USB_ADAPTERS_PERMISSION, lu->adapter.node);
	else
		fail(lu, errno, false, "%s: is it unplugged, or /dev not the real one?",
		     lu->adapter.node);
	return false;
}

/*
 * The node is opened here and handed to libusb, which then neither looks at the other
 * devices nor starts a thread that watches for new ones.
 */
static bool open_device(struct link_usb *lu)
{
	int r;

	if (!open_node(lu))
		return false;
	libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	r = libusb_init(&lu->context);
	if (r < 0) {
		fail(lu, to_errno(r), false, "libusb does not start");
		return false;
	}
	r = libusb_wrap_sys_device(lu->context, lu->fd, &lu->handle);
	if (r < 0) {
		fail_usb(lu, r, "cannot be opened");
		return false;
	}
	/* The kernel's driver gets its interface back when we release it. */
	libusb_set_auto_detach_kernel_driver(lu->handle, 1);
	if (lu->adapter.config != lu->adapter.port.config) {
		r = libusb_set_configuration(lu->handle, lu->adapter.port.config);
		if (r < 0) {
			fail_usb(lu, r, "does not take its configuration");
			return false;
		}
	}
	return true;
}

static bool claim(struct link_usb *lu)
{
	const struct usb_serial *port = &lu->adapter.port;
	int r = libusb_claim_interface(lu->handle, port->control);

	if (r == 0) {
		lu->claimed = 1;
		if (port->data == port->control)
			return true;
		r = libusb_claim_interface(lu->handle, port->data);
	}
	if (r == 0) {
		lu->claimed = 2;
		return true;
	}
	if (r == LIBUSB_ERROR_BUSY)
		fail(lu, EBUSY, false, "another program has claimed the adapter at %s (fuser %s shows which): end that one",
		     lu->adapter.topology, lu->adapter.node);
	else
		fail_usb(lu, r, "cannot be claimed");
	return false;
}

static void make_transfers(struct link_usb *lu)
{
	const struct usb_serial *port = &lu->adapter.port;
	struct pipe *pipe;
	int i;

	lu->received = evbuffer_new();
	lu->queue = evbuffer_new();
	if (!lu->received || !lu->queue)
		abort();
	for (i = 0; i <= IN_TRANSFERS; i++) {
		pipe = i < IN_TRANSFERS ? &lu->in[i] : &lu->out;
		pipe->lu = lu;
		pipe->transfer = libusb_alloc_transfer(0);
		if (!pipe->transfer)
			abort();
		/* Whole packets, or the device's last one may not fit. */
		if (i < IN_TRANSFERS)
			libusb_fill_bulk_transfer(pipe->transfer, lu->handle, port->in, pipe->data,
						  TRANSFER_SIZE / port->in_max * port->in_max,
						  in_done, pipe, 0);
		else
			libusb_fill_bulk_transfer(pipe->transfer, lu->handle, port->out, pipe->data,
						  0, out_done, pipe, 0);
	}
	/* The firmware behind CDC may wait for the end of a transfer; the chips do not. */
	if (port->chip == USB_SERIAL_CDC_ACM)
		lu->out.transfer->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET;
}

static void try_open(struct link_usb *lu)
{
	struct usb_serial_request requests[USB_SERIAL_REQUESTS_MAX];
	const struct usb_serial *port = &lu->adapter.port;
	unsigned int n;
	int i, r;

	if (!find(lu))
		return;
	n = usb_serial_open(port, lu->link.spec->baud, requests);
	if (!n) {
		fail(lu, -1, true, "the %s at %s cannot do %u baud: give another rate",
		     usb_serial_chip_name(port->chip), lu->adapter.topology,
		     lu->link.spec->baud);
		return;
	}
	if (!open_device(lu) || !claim(lu))
		return;
	make_transfers(lu);
	r = control(lu, requests, n);
	if (r < 0) {
		fail_usb(lu, r, "does not take its settings");
		return;
	}
	watch_all(lu);
	for (i = 0; i < IN_TRANSFERS && !lu->failed; i++)
		submit(&lu->in[i]);
	set_timer(lu);
}

static void usb_open(struct link *link)
{
	struct link_usb *lu = of(link);

	memset((char *)lu + sizeof(*link), 0, sizeof(*lu) - sizeof(*link));
	lu->fd = -1;
	lu->later = event_new(link->base, -1, 0, soon, lu);
	lu->timer = evtimer_new(link->base, ready, lu);
	if (!lu->later || !lu->timer)
		abort();	/* out of memory, at a time when there is nothing to save */
	event_active(lu->later, EV_TIMEOUT, 0);
	try_open(lu);
}

static void usb_send(struct link *link, const void *data, size_t len)
{
	struct link_usb *lu = of(link);

	if (!lu->handle || lu->failed)
		return;
	evbuffer_add(lu->queue, data, len);
	send_more(lu);
}

static void usb_break(struct link *link)
{
	struct usb_serial_request requests[USB_SERIAL_REQUESTS_MAX];
	uint64_t now, end = now_ms() + DRAIN_MS;
	struct link_usb *lu = of(link);
	int r;

	if (!lu->handle || lu->failed)
		return;
	while (!lu->failed && (now = now_ms()) < end &&
	       (lu->out.flying || evbuffer_get_length(lu->queue) || lu->sent_by > now))
		handle_events(lu, lu->out.flying ? end - now : 1);

	r = control(lu, requests, usb_serial_break(&lu->adapter.port, true, requests));
	for (end = now_ms() + BREAK_MS; r == 0 && !lu->failed && (now = now_ms()) < end;)
		handle_events(lu, end - now);
	if (r == 0)
		r = control(lu, requests, usb_serial_break(&lu->adapter.port, false, requests));
	if (r < 0)
		fail_usb(lu, r, "does not send a BREAK");
	/* What has arrived meanwhile is told from the loop. */
	event_active(lu->later, EV_TIMEOUT, 0);
}

/* Get the transfers back. One that does not come, from a bus that is dead, is left. */
static void end_transfers(struct link_usb *lu)
{
	uint64_t end = now_ms() + REQUEST_MS;
	struct pipe *pipe;
	int i;

	cancel_in(lu);
	if (lu->out.flying)
		libusb_cancel_transfer(lu->out.transfer);
	while ((flying(lu) || lu->out.flying) && now_ms() < end)
		handle_events(lu, 10);
	for (i = 0; i <= IN_TRANSFERS; i++) {
		pipe = i < IN_TRANSFERS ? &lu->in[i] : &lu->out;
		if (!pipe->flying)
			libusb_free_transfer(pipe->transfer);
	}
}

static void usb_close(struct link *link)
{
	struct link_usb *lu = of(link);

	lu->failed = true;	/* nothing is submitted any more */
	if (lu->context)
		libusb_set_pollfd_notifiers(lu->context, NULL, NULL, NULL);
	while (lu->watches)
		unwatch_fd(lu->watches->fd, lu);
	if (lu->received)
		end_transfers(lu);
	/*
	 * DTR is left alone, as by tty links: it resets some boards. The data interface
	 * first: cdc_acm wants both at once, and is asked when it gets the control one.
	 */
	if (lu->claimed > 1)
		libusb_release_interface(lu->handle, lu->adapter.port.data);
	if (lu->claimed)
		libusb_release_interface(lu->handle, lu->adapter.port.control);
	if (lu->handle)
		libusb_close(lu->handle);
	if (lu->context)
		libusb_exit(lu->context);
	if (lu->fd >= 0)
		close(lu->fd);
	if (lu->received)
		evbuffer_free(lu->received);
	if (lu->queue)
		evbuffer_free(lu->queue);
	event_free(lu->timer);
	event_free(lu->later);
	lu->handle = NULL;
}

const struct link_ops link_usb_ops = {
	.size		= sizeof(struct link_usb),
	.can_break	= true,
	.open		= usb_open,
	.send		= usb_send,
	.send_break	= usb_break,
	.close		= usb_close,
};
