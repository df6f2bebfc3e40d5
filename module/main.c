// SPDX-License-Identifier: GPL-2.0
/*
 * kgdb_io: polled I/O for the kernel's debug core over what machines have. This file is
 * the module's parameters, and which transport they choose.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "core.h"
#include "transport.h"

#define CONFIG_MAX	80

static const struct kgdb_io_transport_type *const types[] = {
	&kgdb_io_virtio,
#ifdef CONFIG_PCI
	&kgdb_io_usb,
#endif
};

/* All below is guarded by it. Never taken by the polled path or an interrupt. */
static DEFINE_MUTEX(config_lock);
/* What the parameter says; before module_init() it is only noted. */
static char config[CONFIG_MAX];
static bool initialised;
/* The transport that is open, or NULL. */
static const struct kgdb_io_transport_type *current_type;

static bool wait;
module_param(wait, bool, 0644);
MODULE_PARM_DESC(wait, "stop the kernel as soon as the transport is up (default: no)");

/* Split "TYPE[:DEV]"; *dev is the text after the colon or "". */
static const struct kgdb_io_transport_type *parse(const char *text, const char **dev)
{
	size_t len = strcspn(text, ":");
	unsigned int i;

	*dev = text[len] ? text + len + 1 : "";
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i]->name) == len && !strncmp(types[i]->name, text, len))
			return types[i];
	return NULL;
}

static void close_transport(void)
{
	if (current_type)
		current_type->close();
	current_type = NULL;
}

static int open_transport(const char *text)
{
	const struct kgdb_io_transport_type *type;
	const char *dev;
	int err;

	if (!*text)
		return 0;
	type = parse(text, &dev);
	err = type->open(dev);
	if (!err)
		current_type = type;
	return err;
}

/* Change from what is in config[] to @text; on failure all stays as it was. */
static int apply(const char *text)
{
	const char *dev;
	int err;

	if (*text && !parse(text, &dev)) {
		pr_err("transport=%s: not a transport; there is: virtio, virtio:DEV (DEV: a virtio device such as virtio2, or the PCI address of its function), usb:DEV[,BAUD] (DEV: the PCI address of an xHCI controller)\n",
		       text);
		return -EINVAL;
	}
	if (current_type && kgdb_io_connected()) {
		pr_err("transport: gdb is connected; detach it first\n");
		return -EBUSY;
	}

	close_transport();
	err = open_transport(text);
	if (err) {
		if (*config && open_transport(config))
			pr_err("transport=%s could not be restored: no transport is set\n", config);
		if (!current_type)
			config[0] = '\0';
		return err;
	}
	strscpy(config, text, sizeof(config));
	if (current_type && wait) {
		pr_info("wait=1: the kernel stops here until a debugger continues it\n");
		kgdb_breakpoint();
	}
	return 0;
}

static int transport_set(const char *val, const struct kernel_param *kp)
{
	char buf[CONFIG_MAX];
	char *text;
	int err = 0;

	if (strscpy(buf, val, sizeof(buf)) < 0) {
		pr_err("transport: longer than %d characters\n", CONFIG_MAX - 1);
		return -ENOSPC;
	}
	text = strim(buf);	/* "echo" ends it with a newline */

	mutex_lock(&config_lock);
	if (initialised)
		err = apply(text);
	else
		strscpy(config, text, sizeof(config));
	mutex_unlock(&config_lock);
	return err;
}

static int transport_get(char *buffer, const struct kernel_param *kp)
{
	int len;

	mutex_lock(&config_lock);
	len = sysfs_emit(buffer, "%s\n", config);
	mutex_unlock(&config_lock);
	return len;
}

static const struct kernel_param_ops transport_ops = {
	.set	= transport_set,
	.get	= transport_get,
};

module_param_cb(transport, &transport_ops, NULL, 0644);
MODULE_PARM_DESC(transport, "virtio[:DEV] or usb:DEV[,BAUD]: what carries gdb's protocol; empty: nothing");

static int __init kgdb_io_init(void)
{
	char text[CONFIG_MAX];
	unsigned int i;
	int err;

	mutex_lock(&config_lock);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		err = types[i]->init();
		if (err) {
			pr_err("cannot set up %s: error %d\n", types[i]->name, err);
			goto undo;
		}
	}
	strscpy(text, config, sizeof(text));
	config[0] = '\0';
	err = apply(text);
	if (err)
		goto undo;
	initialised = true;
	mutex_unlock(&config_lock);
	return 0;

undo:
	while (i--)
		types[i]->exit();
	mutex_unlock(&config_lock);
	return err;
}

static void __exit kgdb_io_exit(void)
{
	unsigned int i = ARRAY_SIZE(types);

	mutex_lock(&config_lock);
	initialised = false;
	close_transport();
	mutex_unlock(&config_lock);
	while (i--)
		types[i]->exit();
}

module_init(kgdb_io_init);
module_exit(kgdb_io_exit);

MODULE_DESCRIPTION("kgdb over virtio consoles and USB serial adapters");
MODULE_LICENSE("GPL");
