/* SPDX-License-Identifier: GPL-2.0 */
/* What xhci.c and xhci_io.c have between them. */
#ifndef KGDB_IO_XHCI_IO_H
#define KGDB_IO_XHCI_IO_H

#include "xhci.h"

/**
 * xhci_io_start() - forget what the bulk endpoints did before, but not what is to be sent
 * @x: controller whose bulk endpoints are not open
 * @rx_len: bytes to ask for in each transfer, at most XHCI_BUF_SIZE
 * @first: number of the first buffer that will be received
 */
void xhci_io_start(struct xhci *x, unsigned int rx_len, u16 first);

#endif
