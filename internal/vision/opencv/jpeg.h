#ifndef FOODMASS_JPEG_H
#define FOODMASS_JPEG_H

#include <stddef.h>

/* What the header of a JPEG says. components is 1 (grey), 3 (colour) or 4 (CMYK or YCCK). */
typedef struct {
	int width, height, components;
} fm_jpeg_info;

enum { FM_JPEG_MESSAGE = 200 /* JMSG_LENGTH_MAX */ };

/* Both return 0, or -1 with a reason in message. Warnings that mean lost picture data are failures. */
int fm_jpeg_header(const unsigned char *data, size_t size, fm_jpeg_info *info, char *message);

/* Decodes at scale_num/8 into out, a plane of stride bytes per row that holds height rows of width
   pixels: BGR for 1 or 3 components, CMYK as stored for 4. Fails when the size is not as expected. */
int fm_jpeg_decode(const unsigned char *data, size_t size, int scale_num, unsigned char *out,
                   int width, int height, size_t stride, char *message);

#endif
