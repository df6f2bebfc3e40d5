// SPDX-License-Identifier: GPL-2.0
/*
 * The controller itself: capabilities, memory, reset, ports and commands. Moving bytes is
 * in xhci_io.c. See xhci.h.
 */
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>

#include "xhci.h"
#include "xhci_io.h"
#include "xhci_regs.h"

/*
 * How long things may take, in us. Resets: Linux' own driver waits as long. A port reset
 * takes 10 to 20 ms (USB 2.0, 7.1.7.5) and hubs are known to need more.
 */
#define BIOS_US		1000000
#define HALT_US		20000		/* 5.4.1.1: 16 ms */
#define RESET_US	10000000
#define PORT_RESET_US	800000
#define COMMAND_US	1000000
#define CONTROL_US	1000000
#define PAUSE_US	10
#define MS_US		1000

/* TRBs in a ring of commands or control transfers, and of events. */
#define SETUP_TRBS	64
#define EVENT_TRBS	256

/* One step of a wait that has lasted for @waited us: how long it took, in us. */
static unsigned int pause(struct xhci *x, unsigned int waited)
{
	if (x->may_sleep && waited >= 100) {
		ktime_t start = ktime_get();

		/* Without high resolution timers it takes milliseconds. */
		usleep_range(PAUSE_US, 5 * PAUSE_US);
		return ktime_us_delta(ktime_get(), start);
	}
	udelay(PAUSE_US);
	return PAUSE_US;
}
NOKPROBE_SYMBOL(pause);

static int wait_for(struct xhci *x, void __iomem *reg, u32 mask, u32 want, unsigned int us)
{
	unsigned int waited;
	u32 v;

	for (waited = 0; ; waited += pause(x, waited)) {
		v = readl(reg);
		if (v == ~0U)
			return -ENODEV;
		if ((v & mask) == want)
			return 0;
		if (waited >= us)
			return -ETIMEDOUT;
	}
}
NOKPROBE_SYMBOL(wait_for);

void xhci_delay(struct xhci *x, unsigned int ms)
{
	if (x->may_sleep) {
		fsleep(ms * MS_US);
		return;
	}
	while (ms--)
		udelay(MS_US);
}
NOKPROBE_SYMBOL(xhci_delay);

static void *alloc(struct xhci *x, size_t size, dma_addr_t *dma)
{
	/* Page aligned, so that nothing here crosses a boundary that 6.1 names. */
	return dmam_alloc_coherent(x->dev, PAGE_ALIGN(size), dma, GFP_KERNEL);
}

static bool alloc_ring(struct xhci *x, struct xhci_ring *ring, unsigned int size)
{
	dma_addr_t dma;

	ring->trbs = alloc(x, (size + 1) * sizeof(*ring->trbs), &dma);
	ring->dma = dma;
	ring->size = size;
	return ring->trbs;
}

/* The array of scratchpad buffers, for the controller's own use (4.20). */
static int alloc_scratchpads(struct xhci *x, unsigned int n)
{
	/* Bit i: pages of 2^(i + 12) bytes. */
	size_t page = (readl(x->op + OP_PAGESIZE) & 0xffff) << 12;
	dma_addr_t dma;
	__le64 *array;
	unsigned int i;

	page &= -page;
	if (!n)
		return 0;
	if (!page)
		return -ENODEV;
	array = alloc(x, n * sizeof(*array), &x->scratchpads_dma);
	if (!array)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (!alloc(x, page, &dma))
			return -ENOMEM;
		array[i] = cpu_to_le64(dma);
	}
	return 0;
}

/* Max Scratchpad Buffers, 5.3.4, in two parts. */
static unsigned int scratchpads(u32 hcs2)
{
	return HCS2_SCRATCHPADS_HI(hcs2) << 5 | HCS2_SCRATCHPADS_LO(hcs2);
}

int xhci_alloc(struct xhci *x)
{
	u32 hcc1 = readl(x->regs + CAP_HCCPARAMS1);
	u32 hcs1 = readl(x->regs + CAP_HCSPARAMS1);
	u32 op = readl(x->regs + CAP_LENGTH) & 0xff;
	u32 rt = readl(x->regs + CAP_RTSOFF) & ~0x1f;
	u32 db = readl(x->regs + CAP_DBOFF) & ~3;
	dma_addr_t dma;
	int err;

	x->ports = HCS1_MAX_PORTS(hcs1);
	x->ctx_size = hcc1 & HCC1_CSZ ? 64 : 32;
	if (hcc1 == ~0U || !x->ports || !HCS1_MAX_SLOTS(hcs1) ||
	    op + OP_PORTSC(x->ports) + 4 > x->regs_len ||
	    (size_t)rt + RT_ERDP + 8 > x->regs_len ||
	    (size_t)db + 4 * (HCS1_MAX_SLOTS(hcs1) + 1) > x->regs_len)
		return -ENODEV;
	x->op = x->regs + op;
	x->rt = x->regs + rt;
	x->db = x->regs + db;

	err = dma_set_mask_and_coherent(x->dev, DMA_BIT_MASK(hcc1 & HCC1_AC64 ? 64 : 32));
	if (err)
		return err;
	x->dcbaa = alloc(x, 256 * sizeof(*x->dcbaa), &x->dcbaa_dma);
	x->erst = alloc(x, 16, &x->erst_dma);
	x->device_ctx = alloc(x, 32 * x->ctx_size, &x->device_ctx_dma);
	x->input_ctx = alloc(x, 33 * x->ctx_size, &x->input_ctx_dma);
	x->data = alloc(x, XHCI_CONTROL_MAX, &x->data_dma);
	x->rx_buf = alloc(x, XHCI_RX_BUFS * XHCI_BUF_SIZE, &x->rx_buf_dma);
	x->tx_buf = alloc(x, XHCI_TX_BUFS * XHCI_BUF_SIZE, &x->tx_buf_dma);
	x->events.trbs = alloc(x, EVENT_TRBS * sizeof(*x->events.trbs), &dma);
	x->events.dma = dma;
	x->events.size = EVENT_TRBS;
	if (!x->dcbaa || !x->erst || !x->device_ctx || !x->input_ctx || !x->data ||
	    !x->rx_buf || !x->tx_buf || !x->events.trbs ||
	    !alloc_ring(x, &x->commands, SETUP_TRBS) ||
	    !alloc_ring(x, &x->control, SETUP_TRBS) ||
	    !alloc_ring(x, &x->rx, XHCI_RX_BUFS) || !alloc_ring(x, &x->tx, XHCI_TX_BUFS))
		return -ENOMEM;
	return alloc_scratchpads(x, scratchpads(readl(x->regs + CAP_HCSPARAMS2)));
}

/* Ask the firmware to let go (4.22.1), and go on without its consent if need be. */
static void take_from_bios(struct xhci *x)
{
	u32 offset = HCC1_XECP(readl(x->regs + CAP_HCCPARAMS1)) * 4;
	unsigned int i;
	u32 v;

	for (i = 0; offset && i < 64; i++) {
		void __iomem *cap = x->regs + offset;

		if (offset + 8 > x->regs_len)
			return;
		v = readl(cap);
		if (v == ~0U)
			return;
		if (XECP_ID(v) == XECP_ID_LEGACY) {
			if (v & LEGSUP_BIOS_OWNED) {
				writel(v | LEGSUP_OS_OWNED, cap);
				if (wait_for(x, cap, LEGSUP_BIOS_OWNED, 0, BIOS_US))
					writel((v | LEGSUP_OS_OWNED) & ~LEGSUP_BIOS_OWNED, cap);
			}
			v = readl(cap + LEGCTL);
			writel((v & LEGCTL_KEEP) | LEGCTL_EVENTS, cap + LEGCTL);
			return;
		}
		if (!XECP_NEXT(v))
			return;
		offset += XECP_NEXT(v) * 4;
	}
}
NOKPROBE_SYMBOL(take_from_bios);

void xhci_halt(struct xhci *x)
{
	u32 v = readl(x->op + OP_USBCMD);

	if (v == ~0U)
		return;
	writel(v & ~(CMD_RUN | CMD_INTE), x->op + OP_USBCMD);
	wait_for(x, x->op + OP_USBSTS, STS_HCH, STS_HCH, HALT_US);
}
NOKPROBE_SYMBOL(xhci_halt);

int xhci_start(struct xhci *x)
{
	u32 v;
	int err;

	take_from_bios(x);
	xhci_halt(x);
	/* What was sent until now must not be sent again. */
	xhci_events(x);
	x->slot = 0;
	x->port = 0;
	x->rx_dci = 0;
	x->tx_dci = 0;
	x->failed = false;

	err = wait_for(x, x->op + OP_USBSTS, STS_CNR, 0, RESET_US);
	if (err)
		return err;
	writel(CMD_HCRST, x->op + OP_USBCMD);
	/* Intel's want to be left alone for a moment; Linux found that out. */
	xhci_delay(x, 1);
	err = wait_for(x, x->op + OP_USBCMD, CMD_HCRST, 0, RESET_US);
	if (!err)
		err = wait_for(x, x->op + OP_USBSTS, STS_CNR, 0, RESET_US);
	if (err)
		return err;

	/* 4.2 "Host Controller Initialization". */
	memset(x->dcbaa, 0, 256 * sizeof(*x->dcbaa));
	x->dcbaa[0] = cpu_to_le64(x->scratchpads_dma);
	writel(1, x->op + OP_CONFIG);
	lo_hi_writeq(x->dcbaa_dma, x->op + OP_DCBAAP);
	x->next_command = 0;
	lo_hi_writeq(xhci_ring_start(&x->commands, 0), x->op + OP_CRCR);
	writel(0, x->op + OP_DNCTRL);

	xhci_events_start(&x->events);
	x->erst[0] = cpu_to_le64(x->events.dma);
	x->erst[1] = cpu_to_le64(EVENT_TRBS);
	writel(1, x->rt + RT_ERSTSZ);
	lo_hi_writeq(x->events.dma, x->rt + RT_ERDP);
	lo_hi_writeq(x->erst_dma, x->rt + RT_ERSTBA);
	/*
	 * 250 ns each: 10 ms. An idle FTDI sends a packet with nothing but its status each
	 * ms; there are buffers for several times as many. A Ctrl-C can wait so long, and
	 * a stopped kernel takes no interrupts.
	 */
	writel(40000, x->rt + RT_IMOD);
	writel(IMAN_IP, x->rt + RT_IMAN);

	v = readl(x->op + OP_USBCMD);
	writel(v | CMD_RUN | CMD_INTE, x->op + OP_USBCMD);
	err = wait_for(x, x->op + OP_USBSTS, STS_HCH, 0, HALT_US);
	if (err)
		return err;

	if (readl(x->regs + CAP_HCCPARAMS1) & HCC1_PPC) {
		unsigned int port;

		for (port = 1; port <= x->ports; port++)
			writel((readl(x->op + OP_PORTSC(port)) & PORT_KEEP) | PORT_PP,
			       x->op + OP_PORTSC(port));
		xhci_delay(x, 20);	/* 5.4.8: power is stable after 20 ms */
	}
	return 0;
}
NOKPROBE_SYMBOL(xhci_start);

void xhci_irq_enable(struct xhci *x, bool on)
{
	WRITE_ONCE(x->irq_on, on);
	/* An event that is there already makes the interrupt come at once. */
	writel(on ? IMAN_IE : IMAN_IP, x->rt + RT_IMAN);
	readl(x->rt + RT_IMAN);
}

bool xhci_irq_ack(struct xhci *x)
{
	u32 status = readl(x->op + OP_USBSTS);

	if (status == ~0U || !(status & STS_EINT))
		return false;
	writel(STS_EINT, x->op + OP_USBSTS);
	/* In this order, 4.17.5. */
	writel((READ_ONCE(x->irq_on) ? IMAN_IE : 0) | IMAN_IP, x->rt + RT_IMAN);
	if (status & (STS_HSE | STS_HCE))
		x->failed = true;
	return true;
}

bool xhci_port_connected(struct xhci *x, unsigned int port)
{
	u32 v = readl(x->op + OP_PORTSC(port));

	return v != ~0U && v & PORT_CCS;
}
NOKPROBE_SYMBOL(xhci_port_connected);

int xhci_port_reset(struct xhci *x, unsigned int port)
{
	void __iomem *reg = x->op + OP_PORTSC(port);
	u32 v = readl(reg);
	int err;

	if (v == ~0U || !(v & PORT_CCS))
		return -ENODEV;
	writel((v & PORT_KEEP) | PORT_CHANGES, reg);
	/* A USB 3 port that has trained its link is enabled already (4.3). */
	if (!(v & PORT_PED) || PORT_SPEED(v) < SPEED_SUPER) {
		writel((v & PORT_KEEP) | PORT_PR, reg);
		err = wait_for(x, reg, PORT_PRC, PORT_PRC, PORT_RESET_US);
		if (err)
			return err;
		v = readl(reg);
		writel((v & PORT_KEEP) | PORT_PRC, reg);
	}
	xhci_delay(x, 10);	/* recovery, USB 2.0 7.1.7.5 */
	v = readl(reg);
	if (v == ~0U || !(v & PORT_CCS) || !(v & PORT_PED))
		return -ENODEV;
	return PORT_SPEED(v);
}
NOKPROBE_SYMBOL(xhci_port_reset);

static int command(struct xhci *x, u64 param, u32 control)
{
	unsigned int waited;

	x->command_code = 0;
	xhci_ring_put(&x->commands, x->next_command++, param, 0, control);
	wmb();	/* the TRB is there before the doorbell */
	writel(0, x->db);
	for (waited = 0; waited < COMMAND_US; waited += pause(x, waited)) {
		xhci_events(x);
		if (x->command_code == CODE_SUCCESS)
			return 0;
		if (x->command_code)
			return -EIO;
	}
	x->failed = true;
	return -ETIMEDOUT;
}
NOKPROBE_SYMBOL(command);

/* Context number i of the input context; 0 is the input control context (6.2.5). */
static __le32 *input(struct xhci *x, unsigned int i)
{
	return x->input_ctx + i * x->ctx_size / sizeof(__le32);
}
NOKPROBE_SYMBOL(input);

static void endpoint(struct xhci *x, unsigned int dci, unsigned int type, unsigned int max,
		     unsigned int burst, u64 dequeue)
{
	__le32 *ctx = input(x, dci + 1);

	ctx[0] = 0;
	ctx[1] = cpu_to_le32(EP1_CERR(3) | EP1_TYPE(type) | EP1_BURST(burst) |
			     EP1_MAX_PACKET(max));
	ctx[2] = cpu_to_le32(lower_32_bits(dequeue));
	ctx[3] = cpu_to_le32(upper_32_bits(dequeue));
	ctx[4] = cpu_to_le32(type == EP_TYPE_CONTROL ? 8 : max);	/* 4.14.1.1 */
}
NOKPROBE_SYMBOL(endpoint);

static int command_input(struct xhci *x, unsigned int type, u32 add)
{
	input(x, 0)[0] = 0;
	input(x, 0)[1] = cpu_to_le32(add);
	return command(x, x->input_ctx_dma, TRB_TYPE(type) | TRB_SLOT_IS(x->slot));
}
NOKPROBE_SYMBOL(command_input);

int xhci_device_open(struct xhci *x, unsigned int port, unsigned int speed)
{
	unsigned int max = speed >= SPEED_SUPER ? 512 : speed == SPEED_HIGH ? 64 : 8;
	int err;

	err = command(x, 0, TRB_TYPE(TRB_ENABLE_SLOT));
	if (err)
		return err;
	/* xhci_start() has enabled one. */
	if (x->command_slot != 1)
		return -EIO;
	x->slot = x->command_slot;
	x->port = port;
	memset(x->device_ctx, 0, 32 * x->ctx_size);
	memset(x->input_ctx, 0, 33 * x->ctx_size);
	x->dcbaa[x->slot] = cpu_to_le64(x->device_ctx_dma);

	input(x, 1)[0] = cpu_to_le32(SLOT0_ENTRIES(1) | SLOT0_SPEED(speed));
	input(x, 1)[1] = cpu_to_le32(SLOT1_PORT(port));
	x->next_control = 0;
	endpoint(x, 1, EP_TYPE_CONTROL, max, 0, xhci_ring_start(&x->control, 0));
	err = command_input(x, TRB_ADDRESS_DEVICE, BIT(0) | BIT(1));
	if (err) {
		xhci_device_close(x);
		return err;
	}
	xhci_delay(x, 2);	/* SET_ADDRESS recovery, USB 2.0 9.2.6.3 */
	return 0;
}
NOKPROBE_SYMBOL(xhci_device_open);

void xhci_device_close(struct xhci *x)
{
	if (x->slot) {
		command(x, 0, TRB_TYPE(TRB_DISABLE_SLOT) | TRB_SLOT_IS(x->slot));
		x->dcbaa[x->slot] = 0;
	}
	x->slot = 0;
	x->port = 0;
	x->rx_dci = 0;
	x->tx_dci = 0;
}
NOKPROBE_SYMBOL(xhci_device_close);

int xhci_set_max_packet(struct xhci *x, unsigned int max)
{
	input(x, 2)[1] = cpu_to_le32(EP1_CERR(3) | EP1_TYPE(EP_TYPE_CONTROL) |
				     EP1_MAX_PACKET(max));
	return command_input(x, TRB_EVALUATE_CONTEXT, BIT(1));
}
NOKPROBE_SYMBOL(xhci_set_max_packet);

/* After a stall or an error the endpoint is halted; past what it halted at (4.6.8). */
static int restart_control(struct xhci *x)
{
	int err = command(x, 0, TRB_TYPE(TRB_RESET_ENDPOINT) | TRB_SLOT_IS(x->slot) |
				TRB_ENDPOINT_IS(1));

	x->next_control = 0;
	if (!err)
		err = command(x, xhci_ring_start(&x->control, 0),
			      TRB_TYPE(TRB_SET_DEQUEUE) | TRB_SLOT_IS(x->slot) |
			      TRB_ENDPOINT_IS(1));
	return err;
}
NOKPROBE_SYMBOL(restart_control);

int xhci_control(struct xhci *x, u8 type, u8 request, u16 value, u16 index, u16 len,
		 void *data)
{
	bool in = type & 0x80;
	unsigned int waited;

	if (!x->slot || x->failed || len > XHCI_CONTROL_MAX)
		return -EINVAL;
	if (len && !in)
		memcpy(x->data, data, len);
	x->control_code = 0;
	x->control_left = len;
	x->status_stage = x->next_control + (len ? 2 : 1);
	/* 4.11.2.2, figure 4-14 and table 4-7. */
	xhci_ring_put(&x->control, x->next_control++,
		      type | request << 8 | (u64)value << 16 | (u64)index << 32 |
		      (u64)len << 48, 8,
		      TRB_TYPE(TRB_SETUP) | TRB_IDT |
		      (!len ? 0 : in ? TRB_TRT_IN : TRB_TRT_OUT));
	if (len)
		xhci_ring_put(&x->control, x->next_control++, x->data_dma, len,
			      TRB_TYPE(TRB_DATA) | TRB_ISP | TRB_IOC | (in ? TRB_DIR_IN : 0));
	xhci_ring_put(&x->control, x->next_control++, 0, 0,
		      TRB_TYPE(TRB_STATUS) | TRB_IOC | (len && in ? 0 : TRB_DIR_IN));
	wmb();	/* TRBs before the doorbell */
	writel(1, x->db + 4 * x->slot);

	for (waited = 0; waited < CONTROL_US && !x->failed; waited += pause(x, waited)) {
		xhci_events(x);
		if (x->control_code)
			break;
	}
	switch (x->control_code) {
	case CODE_SUCCESS:
	case CODE_SHORT:
		len -= min_t(unsigned int, x->control_left, len);
		if (in)
			memcpy(data, x->data, len);
		return len;
	case CODE_STALL:
		return restart_control(x) ?: -EPIPE;
	case 0:
		return x->failed ? -ENODEV : -ETIMEDOUT;
	default:
		restart_control(x);
		return -EIO;
	}
}
NOKPROBE_SYMBOL(xhci_control);

static unsigned int dci_of(u8 address)
{
	return (address & 0xf) * 2 + (address >> 7);
}
NOKPROBE_SYMBOL(dci_of);

int xhci_bulk_open(struct xhci *x, const struct xhci_bulk *in, const struct xhci_bulk *out,
		   u16 first)
{
	unsigned int rx = dci_of(in->address);
	unsigned int tx = dci_of(out->address);
	int err;

	if (rx < 2 || tx < 2 || in->max_packet > XHCI_BUF_SIZE)
		return -EINVAL;
	xhci_io_start(x, in->max_packet, first);
	/* As the controller has it, but for the number of contexts (4.6.6). */
	memcpy(input(x, 1), x->device_ctx, x->ctx_size);
	input(x, 1)[0] &= cpu_to_le32(~SLOT0_ENTRIES(31));
	input(x, 1)[0] |= cpu_to_le32(SLOT0_ENTRIES(max(rx, tx)));
	input(x, 1)[3] = 0;
	endpoint(x, rx, EP_TYPE_BULK_IN, in->max_packet, in->burst,
		 xhci_ring_start(&x->rx, first));
	endpoint(x, tx, EP_TYPE_BULK_OUT, out->max_packet, out->burst,
		 xhci_ring_start(&x->tx, x->tx_done));
	err = command_input(x, TRB_CONFIGURE_ENDPOINT, BIT(0) | BIT(rx) | BIT(tx));
	if (err)
		return err;
	x->rx_dci = rx;
	x->tx_dci = tx;
	return 0;
}
NOKPROBE_SYMBOL(xhci_bulk_open);
