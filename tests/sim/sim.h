/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A USB serial adapter, played for QEMU's usb-redir device. chips.c is the chips as their
 * data sheets and Linux's drivers know them and shares no code with common/usb_serial.c,
 * which it is there to try; usb_sim.c moves the bytes between bus and line.
 */
#ifndef USB_SIM_H
#define USB_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usbredirproto.h>

/* What a control request is answered with: bytes, or this. */
#define SIM_STALL	-1

/**
 * struct sim_port - what the chip was told
 * @baud: bits per second, as the chip's own divisors have it; 0: never set
 * @bits: data bits
 * @parity: one of "NOEMS"
 * @stop: "1", "1.5" or "2"
 * @dtr: DTR is on
 * @rts: RTS is on
 * @brk: the line is held in a BREAK
 * @enabled: the chip moves data
 * @latency: FTDI's latency timer in ms
 * @regs: registers of a CH341 or PL2303
 * @coding: the last line coding, of chips that are asked for it
 */
struct sim_port {
	unsigned int baud;
	unsigned int bits;
	char parity;
	const char *stop;
	bool dtr;
	bool rts;
	bool brk;
	bool enabled;
	unsigned int latency;
	uint8_t regs[256];
	uint8_t coding[7];
};

/**
 * struct sim_chip - a chip
 * @name: as --chip has it
 * @speed: usb_redir_speed_full, ...
 * @device: device descriptor, 18 bytes
 * @config: configuration descriptor with all that follows
 * @config_len: bytes at @config
 * @in: address of the bulk IN endpoint
 * @out: address of the bulk OUT endpoint
 * @in_max: wMaxPacketSize of @in in bytes
 * @header: status bytes at the start of each IN packet, FTDI's
 * @power_on: set @port to what the chip comes up with
 * @control: a class or vendor request; @data has @length bytes sent, or takes what is
 *	     answered. Returns the number of bytes answered, or SIM_STALL
 */
struct sim_chip {
	const char *name;
	uint8_t speed;
	const uint8_t *device;
	const uint8_t *config;
	size_t config_len;
	uint8_t in;
	uint8_t out;
	unsigned int in_max;
	unsigned int header;
	void (*power_on)(struct sim_port *port);
	int (*control)(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
		       uint16_t index, uint8_t *data, uint16_t length);
};

/** sim_chip_find() - the chip of a name, NULL if there is none */
const struct sim_chip *sim_chip_find(const char *name);

/** sim_chip_names() - all names, for messages */
const char *sim_chip_names(void);

#endif
