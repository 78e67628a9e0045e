// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"samsyn/events"
)

// identity is whose events are sent. It is empty with an API key: then the platform fills in the source.
type identity struct {
	municipality events.MunicipalityID
	agency       events.AgencyID
}

func (i identity) known() bool { return i.agency != "" }

var errNotCreds = errors.New("it is no credentials file of Samsyn (samsyn agency credentials issue writes them)")

// readIdentity reads out of a .creds file for whom it was issued. The server checks whether it is true.
func readIdentity(path string) (identity, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return identity{}, fmt.Errorf("read the credentials: %w", err)
	}
	who, err := identityOf(string(file))
	if err != nil {
		return identity{}, fmt.Errorf("read the credentials in %s: %w", path, err)
	}
	return who, nil
}

func identityOf(creds string) (identity, error) {
	_, rest, found := strings.Cut(creds, "BEGIN NATS USER JWT")
	_, rest, newline := strings.Cut(rest, "\n")
	token, _, end := strings.Cut(rest, "\n")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if !found || !newline || !end || len(parts) != 3 {
		return identity{}, errNotCreds
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return identity{}, errNotCreds
	}
	var claims struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return identity{}, errNotCreds
	}
	m, a, _ := strings.Cut(claims.Name, " ")
	who := identity{events.MunicipalityID(m), events.AgencyID(a)}
	if !who.municipality.Valid() || !who.agency.Valid() {
		return identity{}, errNotCreds
	}
	return who, nil
}
