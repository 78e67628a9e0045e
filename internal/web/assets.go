// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"sync"
)

//go:embed static/style.css
var styleBody []byte

type asset struct {
	path, contentType string
	body              []byte
}

// styleSheet is the sheet under an address that holds its hash.
var styleSheet = sync.OnceValue(func() asset {
	sum := sha256.Sum256(styleBody)
	return asset{path: "/assets/style." + hex.EncodeToString(sum[:6]) + ".css", contentType: "text/css; charset=utf-8", body: styleBody}
})

// Assets serves what pages refer to, under /assets/. It is the same for everybody and
// kept by browsers for a year: another content has another address.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := styleSheet()
		if r.URL.Path != a.path {
			NotFound().Write(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		Send(w, r, http.StatusOK, a.contentType, a.body)
	})
}
