// SPDX-License-Identifier: GPL-2.0
/*
 * transport=usb: a USB serial adapter on an xHCI controller, which is taken over whole
 * from xhci_hcd and given back.
 *
 * Which controller, its interrupt, unplugging and suspend are here; usb_adapter.c finds
 * the adapter, xhci.c and xhci_io.c drive the controller.
 *
 * The kernel's own USB stack cannot do this: it allocates, locks and sleeps on its way to
 * a device, and a controller has one driver.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "core.h"
#include "transport.h"
#include "usb_adapter.h"
#include "xhci.h"

#define DEFAULT_BAUD	115200

/* How often to look after an adapter that is gone, in ms. */
#define WATCH_MS	500

#define EXPLAIN_MAX	400

/* A controller that we drive; exists from probe to remove. */
struct usb_dbg {
	struct kgdb_io_transport transport;
	struct pci_dev *pdev;
	struct xhci x;
	struct usb_adapter adapter;
	/* Number of the buffer that the core asked for last. */
	u16 index;
	/* The core uses the transport. Changed by the watch and by suspend, one at a time. */
	bool online;
	/* It failed in a stopped kernel and was brought up again; the watch says so. */
	bool recovered;
	/* What the watch has said last about why there is no adapter. */
	char why[EXPLAIN_MAX];
	struct delayed_work watch;
};

/*
 * What "transport=" asked for. Changed by usb_open() and usb_close(), which main.c
 * serialises.
 */
static struct {
	struct pci_dev *pdev;	/* referenced; NULL while closed */
	unsigned int baud;
	bool taken;		/* from another driver, which gets it back */
	bool closing;
} wanted;

static struct usb_dbg *to_usb(struct kgdb_io_transport *t)
{
	return container_of(t, struct usb_dbg, transport);
}
NOKPROBE_SYMBOL(to_usb);

/*
 * The kernel is stopped and the adapter gone: nobody else will see to it. In a running
 * kernel that is the watch's work.
 */
static void recover_if_stopped(struct usb_dbg *u)
{
	if (READ_ONCE(u->x.failed) && in_dbg_master()) {
		u->x.may_sleep = false;
		/* There is no clock that may be asked. */
		xhci_delay(&u->x, 1);
		if (!usb_adapter_recover(&u->adapter, u->index, 1))
			u->recovered = true;
	}
}
NOKPROBE_SYMBOL(recover_if_stopped);

static int usb_rx_span(struct kgdb_io_transport *t, u16 index, const u8 **data)
{
	struct usb_dbg *u = to_usb(t);
	int len;

	u->index = index;
	len = xhci_rx_span(&u->x, index, data);
	if (!len)
		recover_if_stopped(u);
	if (len <= 0)
		return len;
	if (len <= u->adapter.header)
		return -ENODATA;
	*data += u->adapter.header;
	return len - u->adapter.header;
}
NOKPROBE_SYMBOL(usb_rx_span);

static void usb_rx_release(struct kgdb_io_transport *t, u16 index)
{
	xhci_rx_release(&to_usb(t)->x, index);
}
NOKPROBE_SYMBOL(usb_rx_release);

static size_t usb_tx(struct kgdb_io_transport *t, const u8 *buf, size_t len)
{
	return xhci_tx(&to_usb(t)->x, buf, len);
}
NOKPROBE_SYMBOL(usb_tx);

static const struct kgdb_io_transport_ops usb_ops = {
	.rx_span	= usb_rx_span,
	.rx_release	= usb_rx_release,
	.tx		= usb_tx,
};

static irqreturn_t usb_irq(int irq, void *data)
{
	struct usb_dbg *u = data;

	if (!xhci_irq_ack(&u->x))
		return IRQ_NONE;
	if (!READ_ONCE(u->x.irq_on))
		return IRQ_HANDLED;
	kgdb_io_poll();
	/* What the core did not look for: ports, and bytes while it is offline. */
	xhci_events(&u->x);
	if (u->x.failed)
		mod_delayed_work(system_wq, &u->watch, 0);
	return IRQ_HANDLED;
}

/* After return no interrupt of ours runs or comes. */
static void irq_off(struct usb_dbg *u)
{
	xhci_irq_enable(&u->x, false);
	synchronize_irq(pci_irq_vector(u->pdev, 0));
	xhci_irq_enable(&u->x, false);
}

static void go_offline(struct usb_dbg *u)
{
	if (!u->online)
		return;
	kgdb_io_offline();
	u->online = false;
	irq_off(u);
}

static void go_online(struct usb_dbg *u)
{
	u->online = true;
	kgdb_io_online(&u->transport);
	xhci_irq_enable(&u->x, true);
}

/* The adapter may be gone, or back. Works while the kernel runs. */
static void usb_watch(struct work_struct *work)
{
	struct usb_dbg *u = container_of(to_delayed_work(work), struct usb_dbg, watch);
	char why[EXPLAIN_MAX];
	int err;

	if (u->recovered)
		pr_notice("the adapter on %s was unplugged or did not answer while the kernel was stopped, and is back\n",
			  pci_name(u->pdev));
	u->recovered = false;
	if (!READ_ONCE(u->x.failed))
		goto again;
	if (u->online)
		pr_notice("the adapter on %s was unplugged or does not answer; it is used again when it is back\n",
			  pci_name(u->pdev));
	go_offline(u);
	u->x.may_sleep = true;
	xhci_events(&u->x);
	if (u->x.plugged)
		u->why[0] = '\0';
	err = usb_adapter_recover(&u->adapter, 0, WATCH_MS);
	if (!err) {
		go_online(u);
		pr_notice("the adapter on %s is back\n", pci_name(u->pdev));
	} else if (err != -EAGAIN) {
		usb_adapter_explain(&u->adapter, why, sizeof(why));
		/* One that is silent is tried again and again. */
		if (strcmp(why, u->why))
			pr_notice("nothing on %s can be used: %s\n", pci_name(u->pdev), why);
		strscpy(u->why, why, sizeof(u->why));
	}
again:
	schedule_delayed_work(&u->watch, msecs_to_jiffies(WATCH_MS));
}

static int usb_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	char why[EXPLAIN_MAX];
	struct usb_dbg *u;
	int err;

	if (wanted.pdev != pdev)
		return -ENODEV;
	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;
	u->pdev = pdev;
	u->transport.ops = &usb_ops;
	u->adapter.x = &u->x;
	u->adapter.baud = wanted.baud;
	INIT_DELAYED_WORK(&u->watch, usb_watch);
	pci_set_drvdata(pdev, u);

	err = pcim_enable_device(pdev);
	if (!err)
		err = pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME);
	if (err) {
		pr_err("cannot enable %s: error %d\n", pci_name(pdev), err);
		goto free;
	}
	pci_set_master(pdev);
	u->x.dev = &pdev->dev;
	u->x.regs = pcim_iomap_table(pdev)[0];
	u->x.regs_len = pci_resource_len(pdev, 0);
	u->x.may_sleep = true;
	err = xhci_alloc(&u->x);
	if (err) {
		pr_err("cannot set up the controller %s: error %d\n", pci_name(pdev), err);
		goto free;
	}
	err = usb_adapter_bring_up(&u->adapter, 0);
	if (err == -ENODEV) {
		usb_adapter_explain(&u->adapter, why, sizeof(why));
		pr_err("no USB serial adapter that can be used on %s: %s. %s\n",
		       pci_name(pdev), why, u->adapter.silent ? "Unplug it and plug it in again" :
		       "Plug one into a port of the machine itself that this controller has, not of a hub");
		if (u->adapter.silent)
			err = -EIO;
	} else if (err) {
		pr_err("the controller %s does not start: error %d\n", pci_name(pdev), err);
	}
	if (err)
		goto halt;

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0) {
		pr_err("no interrupt for %s: error %d\n", pci_name(pdev), err);
		goto halt;
	}
	err = request_irq(pci_irq_vector(pdev, 0), usb_irq, IRQF_SHARED, KBUILD_MODNAME, u);
	if (err) {
		pr_err("no interrupt for %s: error %d\n", pci_name(pdev), err);
		goto free_vectors;
	}
	pr_info("using the %s adapter %04x:%04x on port %u of %s at %u baud; attach at the other end of the line: kgdb-io attach usb,%u (or tty:/dev/ttyUSB0,%u)\n",
		usb_serial_chip_name(u->adapter.serial.chip), u->adapter.serial.vid,
		u->adapter.serial.pid, u->x.port, pci_name(pdev), wanted.baud, wanted.baud,
		wanted.baud);
	u->online = true;
	err = kgdb_io_start(&u->transport);
	if (err)
		goto free_irq;
	xhci_irq_enable(&u->x, true);
	schedule_delayed_work(&u->watch, msecs_to_jiffies(WATCH_MS));
	return 0;

free_irq:
	free_irq(pci_irq_vector(pdev, 0), u);
free_vectors:
	pci_free_irq_vectors(pdev);
halt:
	xhci_halt(&u->x);
free:
	pci_set_drvdata(pdev, NULL);
	kfree(u);
	return err;
}

/* Nothing of the controller's moves after this. */
static void stop(struct usb_dbg *u)
{
	cancel_delayed_work_sync(&u->watch);
	irq_off(u);
	/* The interrupt may have asked for it once more. */
	cancel_delayed_work_sync(&u->watch);
}

static void usb_remove(struct pci_dev *pdev)
{
	struct usb_dbg *u = pci_get_drvdata(pdev);

	cancel_delayed_work_sync(&u->watch);
	kgdb_io_stop();
	stop(u);
	u->x.may_sleep = true;
	usb_adapter_close(&u->adapter);
	xhci_halt(&u->x);
	free_irq(pci_irq_vector(pdev, 0), u);
	pci_free_irq_vectors(pdev);
	pci_set_drvdata(pdev, NULL);
	kfree(u);
	if (!wanted.closing)
		pr_notice("the controller %s was taken away; set the transport again when it is back\n",
			  pci_name(pdev));
}

/* The controller must not write to memory that the next kernel uses for something else. */
static void usb_shutdown(struct pci_dev *pdev)
{
	struct usb_dbg *u = pci_get_drvdata(pdev);

	stop(u);
	kgdb_io_offline();
	xhci_halt(&u->x);
}

static int usb_suspend(struct device *dev)
{
	struct usb_dbg *u = dev_get_drvdata(dev);

	stop(u);
	go_offline(u);
	xhci_halt(&u->x);
	return 0;
}

static int usb_resume(struct device *dev)
{
	struct usb_dbg *u = dev_get_drvdata(dev);
	int err;

	u->x.may_sleep = true;
	err = usb_adapter_bring_up(&u->adapter, 0);
	if (!err)
		go_online(u);
	else
		pr_notice("the adapter on %s is not there after suspend; it is used again when it is back\n",
			  pci_name(u->pdev));
	schedule_delayed_work(&u->watch, msecs_to_jiffies(WATCH_MS));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(usb_pm, usb_suspend, usb_resume);

/*
 * The driver core offers us each controller that has no driver, and usb_probe() turns it
 * down. There is no MODULE_DEVICE_TABLE, or udev would load us for them all.
 */
static const struct pci_device_id usb_ids[] = {
	{ PCI_DEVICE_CLASS(PCI_CLASS_SERIAL_USB_XHCI, ~0) },
	{ 0 },
};

static struct pci_driver usb_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= usb_ids,
	.probe		= usb_probe,
	.remove		= usb_remove,
	.shutdown	= usb_shutdown,
	.driver.pm	= pm_sleep_ptr(&usb_pm),
};

/* The controllers of this machine, for messages. */
static void list_controllers(char *buf, size_t size)
{
	struct pci_dev *pdev = NULL;
	size_t len = 0;

	strscpy(buf, "none", size);
	while ((pdev = pci_get_class(PCI_CLASS_SERIAL_USB_XHCI, pdev)))
		len += scnprintf(buf + len, size - len, "%s%s", len ? ", " : "",
				 pci_name(pdev));
}

/* Take "DEV[,BAUD]" apart: the controller, referenced, or an error that was told. */
static struct pci_dev *parse(const char *text, unsigned int *baud)
{
	unsigned int domain = 0, bus, dev, fn, at = 0;
	char controllers[256];
	struct pci_dev *pdev;

	list_controllers(controllers, sizeof(controllers));
	if (sscanf(text, "%x:%x:%x.%x%n", &domain, &bus, &dev, &fn, &at) < 4) {
		domain = 0;
		at = 0;
		if (sscanf(text, "%x:%x.%x%n", &bus, &dev, &fn, &at) < 3)
			at = 0;
	}
	*baud = DEFAULT_BAUD;
	if (!at || (text[at] && (text[at] != ',' || kstrtouint(text + at + 1, 10, baud) ||
				 !*baud))) {
		pr_err("transport=usb:%s: expected usb:DEV or usb:DEV,BAUD with DEV the PCI address of an xHCI controller. Here are: %s\n",
		       text, controllers);
		return ERR_PTR(-EINVAL);
	}
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(dev, fn));
	if (!pdev || pdev->class != PCI_CLASS_SERIAL_USB_XHCI) {
		pr_err("transport=usb:%s: %s. xHCI controllers here: %s\n", text,
		       pdev ? "that is no xHCI controller" : "there is no such device",
		       controllers);
		pci_dev_put(pdev);
		return ERR_PTR(-ENODEV);
	}
	return pdev;
}

static void give_back(void)
{
	struct pci_dev *pdev = wanted.pdev;

	device_release_driver(&pdev->dev);
	wanted.pdev = NULL;
	if (wanted.taken && device_attach(&pdev->dev) < 1)
		pr_warn("%s could not be given back to its driver\n", pci_name(pdev));
	pci_dev_put(pdev);
}

static int usb_open(const char *text)
{
	struct pci_dev *pdev;
	int err;

	pdev = parse(text, &wanted.baud);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);

	wanted.taken = pdev->dev.driver;
	if (wanted.taken) {
		pr_info("taking %s over from %s\n", pci_name(pdev), pdev->dev.driver->name);
		device_release_driver(&pdev->dev);
	}
	wanted.pdev = pdev;
	wanted.closing = false;
	err = device_driver_attach(&usb_driver.driver, &pdev->dev);
	if (err)
		give_back();
	return err;
}

static void usb_close(void)
{
	wanted.closing = true;
	give_back();
}

static int usb_init(void)
{
	return pci_register_driver(&usb_driver);
}

static void usb_exit(void)
{
	pci_unregister_driver(&usb_driver);
}

const struct kgdb_io_transport_type kgdb_io_usb = {
	.name	= "usb",
	.init	= usb_init,
	.exit	= usb_exit,
	.open	= usb_open,
	.close	= usb_close,
};
