/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers, contexts and TRBs of an xHCI controller, as far as they are used here.
 *
 * Source: eXtensible Host Controller Interface for Universal Serial Bus, revision 1.2;
 * the numbers in parentheses are its sections.
 */
#ifndef KGDB_IO_XHCI_REGS_H
#define KGDB_IO_XHCI_REGS_H

/* Capability registers (5.3), from the start of the BAR. */
#define CAP_LENGTH		0x00
#define CAP_HCSPARAMS1		0x04
#define  HCS1_MAX_SLOTS(v)	((v) & 0xff)
#define  HCS1_MAX_PORTS(v)	((v) >> 24)
#define CAP_HCSPARAMS2		0x08
#define  HCS2_SCRATCHPADS_HI(v)	((v) >> 21 & 0x1f)
#define  HCS2_SCRATCHPADS_LO(v)	((v) >> 27 & 0x1f)
#define CAP_HCCPARAMS1		0x10
#define  HCC1_AC64		BIT(0)
#define  HCC1_CSZ		BIT(2)
#define  HCC1_PPC		BIT(3)
#define  HCC1_XECP(v)		((v) >> 16)
#define CAP_DBOFF		0x14
#define CAP_RTSOFF		0x18

/* Operational registers (5.4), from CAP_LENGTH on. */
#define OP_USBCMD		0x00
#define  CMD_RUN		BIT(0)
#define  CMD_HCRST		BIT(1)
#define  CMD_INTE		BIT(2)
#define OP_USBSTS		0x04
#define  STS_HCH		BIT(0)
#define  STS_HSE		BIT(2)
#define  STS_EINT		BIT(3)
#define  STS_CNR		BIT(11)
#define  STS_HCE		BIT(12)
#define OP_PAGESIZE		0x08
#define OP_DNCTRL		0x14
#define OP_CRCR			0x18
#define OP_DCBAAP		0x30
#define OP_CONFIG		0x38
/* Ports are numbered from 1 (5.4.8). */
#define OP_PORTSC(port)		(0x400 + 0x10 * ((port) - 1))
#define  PORT_CCS		BIT(0)
#define  PORT_PED		BIT(1)
#define  PORT_PR		BIT(4)
#define  PORT_PLS(v)		((v) >> 5 & 0xf)
#define  PORT_PP		BIT(9)
#define  PORT_SPEED(v)		((v) >> 10 & 0xf)
#define  PORT_CSC		BIT(17)
#define  PORT_PRC		BIT(21)
/* Written back as 1 these are cleared; PED too. */
#define  PORT_CHANGES		GENMASK(23, 17)
/* What is written back as it was read to change nothing else. */
#define  PORT_KEEP		(PORT_PP | GENMASK(15, 14) | GENMASK(27, 25))
#define  PLS_U0			0
#define  PLS_POLLING		7

/* Default speed IDs (7.2.2.1.1). */
#define SPEED_FULL		1
#define SPEED_LOW		2
#define SPEED_HIGH		3
#define SPEED_SUPER		4

/* Runtime registers (5.5), from CAP_RTSOFF on; interrupter 0. */
#define RT_IMAN			0x20
#define  IMAN_IP		BIT(0)
#define  IMAN_IE		BIT(1)
#define RT_IMOD			0x24
#define RT_ERSTSZ		0x28
#define RT_ERSTBA		0x30
#define RT_ERDP			0x38
#define  ERDP_EHB		BIT(3)

/* Extended capabilities (7). */
#define XECP_ID(v)		((v) & 0xff)
#define XECP_NEXT(v)		((v) >> 8 & 0xff)
#define XECP_ID_LEGACY		1
#define  LEGSUP_BIOS_OWNED	BIT(16)
#define  LEGSUP_OS_OWNED	BIT(24)
#define  LEGCTL			0x04
/* SMI enables (7.1.2), reserved bits kept, events cleared by writing 1. */
#define  LEGCTL_KEEP		(GENMASK(3, 1) | GENMASK(12, 5) | GENMASK(19, 17))
#define  LEGCTL_EVENTS		GENMASK(31, 29)

/* TRBs (6.4). Dword 2, "status": */
#define TRB_LENGTH(v)		((v) & 0xffffff)
#define TRB_CODE(v)		((v) >> 24)
/* Dword 3, "control": */
#define TRB_CYCLE		BIT(0)
#define TRB_TOGGLE		BIT(1)
#define TRB_ISP			BIT(2)
#define TRB_IOC			BIT(5)
#define TRB_IDT			BIT(6)
#define TRB_DIR_IN		BIT(16)
#define TRB_TRT_OUT		(2 << 16)
#define TRB_TRT_IN		(3 << 16)
#define TRB_TYPE(t)		((t) << 10)
#define TRB_TYPE_OF(v)		((v) >> 10 & 0x3f)
#define TRB_ENDPOINT(v)		((v) >> 16 & 0x1f)
#define TRB_ENDPOINT_IS(dci)	((dci) << 16)
#define TRB_SLOT(v)		((v) >> 24)
#define TRB_SLOT_IS(slot)	((u32)(slot) << 24)

/* TRB types (6.4.6). */
#define TRB_NORMAL		1
#define TRB_SETUP		2
#define TRB_DATA		3
#define TRB_STATUS		4
#define TRB_LINK		6
#define TRB_ENABLE_SLOT		9
#define TRB_DISABLE_SLOT	10
#define TRB_ADDRESS_DEVICE	11
#define TRB_CONFIGURE_ENDPOINT	12
#define TRB_EVALUATE_CONTEXT	13
#define TRB_RESET_ENDPOINT	14
#define TRB_SET_DEQUEUE		16
#define TRB_TRANSFER_EVENT	32
#define TRB_COMMAND_EVENT	33
#define TRB_PORT_EVENT		34

/* Completion codes (6.4.5). */
#define CODE_SUCCESS		1
#define CODE_STALL		6
#define CODE_SHORT		13

/* Contexts (6.2): dwords of the slot context, ... */
#define SLOT0_SPEED(v)		((u32)(v) << 20)
#define SLOT0_ENTRIES(n)	((u32)(n) << 27)
#define SLOT1_PORT(n)		((u32)(n) << 16)
/* ... of an endpoint context. */
#define EP1_BURST(n)	((u32)(n) << 8)
#define EP1_CERR(n)		((u32)(n) << 1)
#define EP1_TYPE(t)		((u32)(t) << 3)
#define EP1_MAX_PACKET(n)	((u32)(n) << 16)
#define EP_TYPE_BULK_OUT	2
#define EP_TYPE_CONTROL		4
#define EP_TYPE_BULK_IN		6

#endif
