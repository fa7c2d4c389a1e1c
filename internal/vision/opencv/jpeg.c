#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "jpeg.h"

/* A progressive file keeps all coefficients in memory; beyond this libjpeg gives up with an error. */
static const long max_memory_bytes = 256L << 20;
/* Honest encoders write about ten scans; thousands of them are a way to burn hours. */
static const int max_scans = 200;

struct failure {
	struct jpeg_error_mgr base;
	jmp_buf escape;
	char *message;
};

static void fail(j_common_ptr cinfo)
{
	struct failure *f = (struct failure *)cinfo->err;
	f->base.format_message(cinfo, f->message);
	longjmp(f->escape, 1);
}

/* The library fills what is missing with grey and only warns. A hole in the picture is no picture;
   the warnings listed here lose nothing. */
static void warn(j_common_ptr cinfo, int level)
{
	if (level >= 0)
		return;
	switch (cinfo->err->msg_code) {
	case JWRN_EXTRANEOUS_DATA:
	case JWRN_JFIF_MAJOR:
	case JWRN_ADOBE_XFORM:
	case JWRN_NOT_SEQUENTIAL:
	case JWRN_BOGUS_ICC:
		return;
	}
	fail(cinfo);
}

static void silent(j_common_ptr cinfo) { (void)cinfo; }

static void watch_scans(j_common_ptr cinfo)
{
	struct failure *f = (struct failure *)cinfo->err;
	if (!cinfo->is_decompressor || ((j_decompress_ptr)cinfo)->input_scan_number <= max_scans)
		return;
	strcpy(f->message, "too many scans");
	longjmp(f->escape, 1);
}

static void begin(struct jpeg_decompress_struct *d, struct jpeg_progress_mgr *watch,
                  const unsigned char *data, size_t size)
{
	jpeg_create_decompress(d);
	d->mem->max_memory_to_use = max_memory_bytes;
	memset(watch, 0, sizeof *watch);
	watch->progress_monitor = watch_scans;
	d->progress = watch;
	jpeg_mem_src(d, data, size);
	jpeg_read_header(d, TRUE);
}

static void prepare(struct jpeg_decompress_struct *d, struct failure *f, char *message)
{
	memset(d, 0, sizeof *d);
	memset(f, 0, sizeof *f);
	d->err = jpeg_std_error(&f->base);
	f->base.error_exit = fail;
	f->base.emit_message = warn;
	f->base.output_message = silent;
	f->message = message;
}

int fm_jpeg_header(const unsigned char *data, size_t size, fm_jpeg_info *info, char *message)
{
	struct jpeg_decompress_struct d;
	struct jpeg_progress_mgr watch;
	struct failure f;
	prepare(&d, &f, message);
	if (setjmp(f.escape)) {
		jpeg_destroy_decompress(&d);
		return -1;
	}
	begin(&d, &watch, data, size);
	info->width = d.image_width;
	info->height = d.image_height;
	info->components = d.num_components;
	jpeg_destroy_decompress(&d);
	return 0;
}

int fm_jpeg_decode(const unsigned char *data, size_t size, int scale_num, unsigned char *out,
                   int width, int height, size_t stride, char *message)
{
	struct jpeg_decompress_struct d;
	struct jpeg_progress_mgr watch;
	struct failure f;
	prepare(&d, &f, message);
	if (setjmp(f.escape)) {
		jpeg_destroy_decompress(&d);
		return -1;
	}
	begin(&d, &watch, data, size);
	d.scale_num = scale_num;
	d.scale_denom = 8;
	d.out_color_space = d.num_components == 4 ? JCS_CMYK : JCS_EXT_BGR;
	jpeg_start_decompress(&d);
	if ((int)d.output_width != width || (int)d.output_height != height ||
	    (size_t)width * d.output_components > stride) {
		strcpy(message, "unexpected size");
		jpeg_destroy_decompress(&d);
		return -1;
	}
	while (d.output_scanline < d.output_height) {
		JSAMPROW row = out + d.output_scanline * stride;
		jpeg_read_scanlines(&d, &row, 1);
	}
	jpeg_finish_decompress(&d);
	jpeg_destroy_decompress(&d);
	return 0;
}
