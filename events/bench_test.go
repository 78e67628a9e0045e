// SPDX-License-Identifier: EUPL-1.2

package events

import "testing"

// usual is an event of 648 bytes with most of the contract's fields, like the one the decoder was chosen on.
const usual = `{"specversion":"1.0","id":"R-2026-004711:1","source":"urn:samsyn:0480:bostad","type":"samsyn.incident.reported.v1","time":"2026-06-30T23:59:00+02:00","datacontenttype":"application/json","data":{"report":"R-2026-004711","category":"graffiti","occurred":{"from":"2026-06-30T20:00:00+02:00","to":"2026-06-30T23:00:00+02:00"},"place":{"lon":17.008613,"lat":58.753021,"area":"0480A1"},"place_type":"stairwell","severity":2,"certainty":"observed","persons":"3-9","ongoing":false,"text":"Klotter i trapphuset, färgen är ännu våt.","measures_taken":["cleaned","called_police"],"police_reported":"yes","sharing":"partners","reference":"A-2026-4711"}}`

func BenchmarkDecode(b *testing.B) {
	body := []byte(usual)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, reasons := Decode(body); len(reasons) > 0 {
			b.Fatal(reasons)
		}
	}
}
