// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
)

// cursor is a place in the order of an agency's receipts. Batches are numbered per municipality, so a cursor is sealed: its
// number would tell an agency how much the others send.
type cursor struct {
	batch int64
	item  int32
}

// seal writes a cursor as one encrypted block: a mark that binds it to its agency, batch, item.
func (c cursor) seal(block cipher.Block, who grant) string {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:], mark(who))
	binary.BigEndian.PutUint64(b[4:], uint64(c.batch))
	binary.BigEndian.PutUint32(b[12:], uint32(c.item))
	block.Encrypt(b[:], b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// openCursor reads what seal wrote for the same agency; anything else, but for one guess in four thousand million, is not
// a cursor. What a lucky guess would give is a place among the guesser's own receipts.
func openCursor(block cipher.Block, who grant, sealed string) (cursor, bool) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(b) != 16 {
		return cursor{}, false
	}
	block.Decrypt(b, b)
	if binary.BigEndian.Uint32(b) != mark(who) {
		return cursor{}, false
	}
	return cursor{int64(binary.BigEndian.Uint64(b[4:])), int32(binary.BigEndian.Uint32(b[12:]))}, true
}

func mark(who grant) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(who.municipality))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(who.agency))
	return h.Sum32()
}
