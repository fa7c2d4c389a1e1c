package photo

import "encoding/binary"

// Orientation returns the EXIF orientation, 1 to 8, from a TIFF structure (what follows "Exif\0\0"
// in a JPEG, the payload of eXIf in a PNG); 1 when there is none or the structure is broken.
func Orientation(tiff []byte) int {
	const (
		tagOrientation = 0x0112
		typeShort      = 3
		entryBytes     = 12
	)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	ifd := uint64(order.Uint32(tiff[4:]))
	if ifd+2 > uint64(len(tiff)) {
		return 1
	}
	entries := int(order.Uint16(tiff[ifd:]))
	for e := tiff[ifd+2:]; entries > 0 && len(e) >= entryBytes; e, entries = e[entryBytes:], entries-1 {
		if order.Uint16(e) != tagOrientation {
			continue
		}
		if value := order.Uint16(e[8:]); order.Uint16(e[2:]) == typeShort && value >= 1 && value <= 8 {
			return int(value)
		}
		return 1
	}
	return 1
}
