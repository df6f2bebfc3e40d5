/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernels older than the newest one need. The code is written for the newest API;
 * this header is the only place that asks for a version. Oldest: 6.1.
 */
#ifndef KGDB_IO_COMPAT_H
#define KGDB_IO_COMPAT_H

#include <linux/version.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
/* 6.11: callbacks and names of virtqueues came together in one array. */
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
};

#define KGDB_IO_MAX_VQS	2

static inline int kgdb_io_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
				   struct virtqueue *vqs[],
				   struct virtqueue_info info[],
				   struct irq_affinity *desc)
{
	vq_callback_t *callbacks[KGDB_IO_MAX_VQS];
	const char *names[KGDB_IO_MAX_VQS];
	unsigned int i;

	if (nvqs > KGDB_IO_MAX_VQS)
		return -EINVAL;
	for (i = 0; i < nvqs; i++) {
		callbacks[i] = info[i].callback;
		names[i] = info[i].name;
	}
	return virtio_find_vqs(vdev, nvqs, vqs, callbacks, names, desc);
}

#define virtio_find_vqs kgdb_io_find_vqs
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
/* 6.8: SYSTEM_SLEEP and the like; virtio's members then no longer depend on CONFIG_PM. */
#ifndef CONFIG_PM
#define KGDB_IO_NO_FREEZE
#endif
#endif

/* 6.6: doorbells that carry the available index. */
#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA	38
#endif

#endif
