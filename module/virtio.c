// SPDX-License-Identifier: GPL-2.0
/*
 * transport=virtio: the first port of a virtio console device, on any virtio bus.
 *
 * Which device, taking it over from virtio_console and giving it back, unplugging and
 * suspend are here; moving bytes is in virtio_ring.c.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.2, 5.3 "Console Device". Without
 * VIRTIO_CONSOLE_F_MULTIPORT, queue 0 receives and queue 1 transmits for port 0, and
 * there is no control queue and no notion of a port being open.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "core.h"
#include "transport.h"
#include "virtio_ring.h"

enum { RX, TX, NUM_QUEUES };

/* A device that we drive; exists from probe to remove. */
struct vdbg {
	struct kgdb_io_transport transport;
	struct virtio_device *vdev;
	struct virtqueue *vqs[NUM_QUEUES];
	struct polled_ring rx;
	struct polled_ring tx;
};

/*
 * What "transport=" asked for. Changed by vdbg_open() and vdbg_close(), which main.c
 * serialises, and read by the work below, which they cancel first.
 */
static struct {
	bool open;
	/* The device's place, by which it is known when it is plugged in again. */
	char place[64];
	/* The device, referenced, while it is there; NULL after it was unplugged. */
	struct device *dev;
	/* It was taken from another driver, which gets it back. */
	bool taken;
} wanted;

/* How long to wait before a device that was plugged in is tried again, in ms. */
#define REPLUG_MS	50

/* Guards wanted.dev and wanted.open against (un)plugging; nothing is called under it. */
static DEFINE_MUTEX(wanted_lock);

/* The bus that holds a device, as far as the user's names go: a PCI function, ... */
static const char *place_of(const struct device *dev)
{
	return dev->parent ? dev_name(dev->parent) : "";
}

static struct vdbg *to_vdbg(struct kgdb_io_transport *t)
{
	return container_of(t, struct vdbg, transport);
}
NOKPROBE_SYMBOL(to_vdbg);

static int vdbg_rx_span(struct kgdb_io_transport *t, u16 index, const u8 **data)
{
	return polled_ring_rx_span(&to_vdbg(t)->rx, index, data);
}
NOKPROBE_SYMBOL(vdbg_rx_span);

static void vdbg_rx_release(struct kgdb_io_transport *t, u16 index)
{
	polled_ring_rx_release(&to_vdbg(t)->rx, index);
}
NOKPROBE_SYMBOL(vdbg_rx_release);

static void vdbg_rx_quiet(struct kgdb_io_transport *t, bool quiet)
{
	polled_ring_rx_quiet(&to_vdbg(t)->rx, quiet);
}
NOKPROBE_SYMBOL(vdbg_rx_quiet);

static size_t vdbg_tx(struct kgdb_io_transport *t, const u8 *buf, size_t len)
{
	return polled_ring_tx(&to_vdbg(t)->tx, buf, len);
}
NOKPROBE_SYMBOL(vdbg_tx);

static size_t vdbg_tx_later(struct kgdb_io_transport *t, const u8 *buf, size_t len)
{
	return polled_ring_tx_later(&to_vdbg(t)->tx, buf, len);
}
NOKPROBE_SYMBOL(vdbg_tx_later);

static void vdbg_tx_kick(struct kgdb_io_transport *t)
{
	polled_ring_kick(&to_vdbg(t)->tx);
}
NOKPROBE_SYMBOL(vdbg_tx_kick);

static const struct kgdb_io_transport_ops vdbg_ops = {
	.rx_span	= vdbg_rx_span,
	.rx_release	= vdbg_rx_release,
	.rx_quiet	= vdbg_rx_quiet,
	.tx		= vdbg_tx,
	.tx_later	= vdbg_tx_later,
	.tx_kick	= vdbg_tx_kick,
	.reliable	= true,
};

/* Interrupt: the device returned a receive buffer. */
static void vdbg_received(struct virtqueue *vq)
{
	kgdb_io_poll();
}

static void vdbg_teardown(struct vdbg *v)
{
	virtio_reset_device(v->vdev);
	v->vdev->config->del_vqs(v->vdev);
	polled_ring_free(&v->rx);
	polled_ring_free(&v->tx);
}

static int vdbg_setup(struct vdbg *v)
{
	struct virtqueue_info info[NUM_QUEUES] = {
		[RX] = { .name = "input", .callback = vdbg_received },
		[TX] = { .name = "output" },
	};
	int err;

	err = virtio_find_vqs(v->vdev, NUM_QUEUES, v->vqs, info, NULL);
	if (err)
		return err;
	err = polled_ring_init(&v->rx, v->vqs[RX], true);
	if (!err)
		err = polled_ring_init(&v->tx, v->vqs[TX], false);
	if (err) {
		vdbg_teardown(v);
		return err;
	}
	virtio_device_ready(v->vdev);
	polled_ring_kick(&v->rx);
	return 0;
}

/*
 * No feature of the console is asked for. Of the ring's features, those go that would
 * change the layout or the doorbell that virtio_ring.c knows.
 */
static int vdbg_validate(struct virtio_device *vdev)
{
	__virtio_clear_bit(vdev, VIRTIO_F_RING_PACKED);
	__virtio_clear_bit(vdev, VIRTIO_RING_F_EVENT_IDX);
	__virtio_clear_bit(vdev, VIRTIO_F_NOTIFICATION_DATA);
	return 0;
}

static int vdbg_probe(struct virtio_device *vdev)
{
	struct vdbg *v;
	int err;

	/* "echo virtioN > bind" in sysfs is no way to choose. */
	if (READ_ONCE(wanted.dev) != &vdev->dev)
		return -ENODEV;

	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return -ENOMEM;
	v->vdev = vdev;
	v->transport.ops = &vdbg_ops;
	vdev->priv = v;

	err = vdbg_setup(v);
	if (err) {
		pr_err("cannot set up the queues of %s (%s): error %d\n",
		       dev_name(&vdev->dev), place_of(&vdev->dev), err);
		goto free;
	}
	pr_info("using %s (%s); attach on the host to the other end of this console: kgdb-io attach unix:SOCKET (or: gdb vmlinux -ex 'target remote SOCKET')\n",
		dev_name(&vdev->dev), place_of(&vdev->dev));
	err = kgdb_io_start(&v->transport);
	if (err)
		goto teardown;
	return 0;

teardown:
	vdbg_teardown(v);
free:
	vdev->priv = NULL;
	kfree(v);
	return err;
}

static void vdbg_remove(struct virtio_device *vdev)
{
	struct vdbg *v = vdev->priv;

	kgdb_io_stop();
	vdbg_teardown(v);
	vdev->priv = NULL;
	kfree(v);
}

#ifndef KGDB_IO_NO_FREEZE
static int vdbg_freeze(struct virtio_device *vdev)
{
	kgdb_io_offline();
	vdbg_teardown(vdev->priv);
	return 0;
}

static int vdbg_restore(struct virtio_device *vdev)
{
	struct vdbg *v = vdev->priv;
	int err = vdbg_setup(v);

	if (err) {
		pr_err("cannot set up the queues of %s after suspend: error %d\n",
		       dev_name(&vdev->dev), err);
		return err;
	}
	kgdb_io_online(&v->transport);
	return 0;
}
#endif

/*
 * The table is empty: the driver core never offers a device on its own, and none has
 * its features negotiated only to be turned down. Devices are attached by name.
 */
static const struct virtio_device_id vdbg_ids[] = {
	{ 0 },
};

static struct virtio_driver vdbg_driver = {
	.driver.name	= KBUILD_MODNAME,
	.driver.owner	= THIS_MODULE,
	.id_table	= vdbg_ids,
	.validate	= vdbg_validate,
	.probe		= vdbg_probe,
	.remove		= vdbg_remove,
#ifndef KGDB_IO_NO_FREEZE
	.freeze		= vdbg_freeze,
	.restore	= vdbg_restore,
#endif
};

static bool is_console(const struct device *dev)
{
	return container_of_const(dev, struct virtio_device, dev)->id.device ==
	       VIRTIO_ID_CONSOLE;
}

static int attach(struct device *dev)
{
	int err;

	mutex_lock(&wanted_lock);
	wanted.dev = get_device(dev);
	mutex_unlock(&wanted_lock);

	err = device_driver_attach(&vdbg_driver.driver, dev);
	if (err) {
		mutex_lock(&wanted_lock);
		wanted.dev = NULL;
		mutex_unlock(&wanted_lock);
		put_device(dev);
	}
	return err;
}

static int find_in_place(struct device *dev, void *data)
{
	struct device **found = data;

	if (!is_console(dev) || dev->driver || strcmp(place_of(dev), wanted.place))
		return 0;
	*found = get_device(dev);
	return 1;
}

static void replug(struct work_struct *work);
static DECLARE_DELAYED_WORK(replug_work, replug);

/*
 * A device was plugged in: if it is in the place of the one that was lost, use it. The
 * driver core wants probes deferred while the device's parent is not yet done with its own.
 */
static void replug(struct work_struct *work)
{
	struct device *dev = NULL;
	int err;

	if (!wanted.open || wanted.dev)
		return;
	bus_for_each_dev(vdbg_driver.driver.bus, NULL, &dev, find_in_place);
	if (!dev)
		return;
	err = attach(dev);
	if (err == -EAGAIN)
		schedule_delayed_work(&replug_work, msecs_to_jiffies(REPLUG_MS));
	else if (err)
		pr_err("the device at %s is back but cannot be used: error %d\n",
		       wanted.place, err);
	put_device(dev);
}

/* Called with the device's lock held or not, so nothing but bookkeeping is done here. */
static int bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;

	if (action == BUS_NOTIFY_ADD_DEVICE && is_console(dev)) {
		schedule_delayed_work(&replug_work, 0);
	} else if (action == BUS_NOTIFY_REMOVED_DEVICE) {
		mutex_lock(&wanted_lock);
		if (wanted.dev == dev) {
			pr_notice("%s (%s) was unplugged; it is used again when it comes back to that place\n",
				  dev_name(dev), wanted.place);
			wanted.dev = NULL;
			put_device(dev);
		}
		mutex_unlock(&wanted_lock);
	}
	return NOTIFY_DONE;
}

static struct notifier_block bus_nb = {
	.notifier_call	= bus_event,
};

/* What a walk over the virtio bus looks for and finds. */
struct search {
	const char *name;	/* "": any that no driver uses */
	struct device *found;	/* referenced */
	unsigned int fits;
	unsigned int consoles;
	char seen[256];		/* the consoles, for messages */
	size_t seen_len;
	int id;			/* device ID of one that has the name and is no console */
};

/* A PCI address may be written without its domain, "00:04.0". */
static bool has_name(const struct device *dev, const char *name)
{
	const char *place = place_of(dev);

	return !strcmp(dev_name(dev), name) || !strcmp(place, name) ||
	       (!strncmp(place, "0000:", 5) && !strcmp(place + 5, name));
}

static int look_at(struct device *dev, void *data)
{
	struct search *s = data;
	const char *user;

	if (!is_console(dev)) {
		if (has_name(dev, s->name))
			s->id = container_of(dev, struct virtio_device, dev)->id.device;
		return 0;
	}
	user = dev->driver ? dev->driver->name : NULL;
	s->consoles++;
	s->seen_len += scnprintf(s->seen + s->seen_len, sizeof(s->seen) - s->seen_len,
				 "%s%s (%s%s%s)", s->seen_len ? ", " : "", dev_name(dev),
				 place_of(dev), user ? ", used by " : "", user ?: "");
	if (*s->name ? !has_name(dev, s->name) : !!user)
		return 0;
	if (!s->fits++)
		s->found = get_device(dev);
	return 0;
}

/* The device that the user means, referenced; or an error, with a line in the log. */
static struct device *find_device(const char *name)
{
	struct search s = { .name = name, .id = -1 };

	bus_for_each_dev(vdbg_driver.driver.bus, NULL, &s, look_at);
	if (s.fits == 1)
		return s.found;
	put_device(s.found);

	if (s.id >= 0)
		pr_err("transport=virtio:%s: that is no console device but has the virtio device ID %d. Consoles here: %s\n",
		       name, s.id, s.consoles ? s.seen : "none");
	else if (!s.consoles)
		pr_err("transport=virtio: found no virtio console device. Add one to the VM, for QEMU: -chardev socket,id=dbg,path=SOCKET,server=on,wait=off -device virtio-serial-pci,max_ports=1 -device virtconsole,chardev=dbg\n");
	else if (*name)
		pr_err("transport=virtio:%s: no such device. Consoles here: %s\n", name, s.seen);
	else if (s.fits)
		pr_err("transport=virtio: several devices fit, name one (transport=virtio:DEV): %s\n",
		       s.seen);
	else
		pr_err("transport=virtio: another driver uses the device. Name it and it is taken over (transport=virtio:DEV): %s\n",
		       s.seen);
	return ERR_PTR(*name || !s.consoles ? -ENODEV : s.fits ? -EINVAL : -EBUSY);
}

static int vdbg_open(const char *name)
{
	struct device *dev = find_device(name);
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);

	wanted.taken = dev->driver;
	strscpy(wanted.place, place_of(dev), sizeof(wanted.place));
	if (wanted.taken) {
		pr_info("taking %s over from %s\n", dev_name(dev), dev->driver->name);
		device_release_driver(dev);
	}
	err = attach(dev);
	if (!err)
		wanted.open = true;
	else if (wanted.taken && device_attach(dev) < 0)
		pr_warn("%s could not be given back to its driver\n", dev_name(dev));
	put_device(dev);
	return err;
}

static void vdbg_close(void)
{
	struct device *dev;

	wanted.open = false;
	cancel_delayed_work_sync(&replug_work);

	mutex_lock(&wanted_lock);
	dev = wanted.dev;
	wanted.dev = NULL;
	mutex_unlock(&wanted_lock);
	if (!dev)
		return;		/* it was unplugged */

	device_release_driver(dev);
	if (wanted.taken && device_attach(dev) < 0)
		pr_warn("%s could not be given back to its driver\n", dev_name(dev));
	put_device(dev);
}

static int vdbg_init(void)
{
	int err = register_virtio_driver(&vdbg_driver);

	if (err)
		return err;
	err = bus_register_notifier(vdbg_driver.driver.bus, &bus_nb);
	if (err)
		unregister_virtio_driver(&vdbg_driver);
	return err;
}

static void vdbg_exit(void)
{
	bus_unregister_notifier(vdbg_driver.driver.bus, &bus_nb);
	cancel_delayed_work_sync(&replug_work);
	unregister_virtio_driver(&vdbg_driver);
}

const struct kgdb_io_transport_type kgdb_io_virtio = {
	.name	= "virtio",
	.init	= vdbg_init,
	.exit	= vdbg_exit,
	.open	= vdbg_open,
	.close	= vdbg_close,
};
