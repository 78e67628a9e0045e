// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"samsyn/events"
)

// Key is an agency's key to the HTTP API, without its secret.
type Key struct {
	// Prefix names the key; it is the public part of sk_<prefix>_<secret>.
	Prefix     string     `json:"prefix"`
	Label      string     `json:"label"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

const (
	prefixBytes = 6  // 10 letters: enough to tell keys apart, no secret
	secretBytes = 32 // of randomness
)

// IssueKey makes a key, sk_<prefix>_<secret>, and returns it: the only time it can
// be seen, because the SHA-256 of <secret> as it is written is all that is stored.
// Errors: *UnknownError, *InvalidError.
func (s *Service) IssueKey(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, label string) (key string, err error) {
	var p problems
	p.unless(len(label) <= 64, "the label is longer than 64 characters")
	if err := p.err(); err != nil {
		return "", err
	}
	prefix, secret := newKey()
	hash := sha256.Sum256([]byte(secret))
	err = s.changeAgency(ctx, m, agency, func(st store, _ Agency) error {
		return st.insertKey(ctx, m, agency, Key{Prefix: prefix, Label: label, CreatedAt: s.config.Now()}, hash[:])
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sk_%s_%s", prefix, secret), nil
}

func newKey() (prefix, secret string) {
	random := make([]byte, prefixBytes+secretBytes)
	_, _ = rand.Read(random) // crypto/rand never fails
	letters := base32.StdEncoding.WithPadding(base32.NoPadding)
	return strings.ToLower(letters.EncodeToString(random[:prefixBytes])), hex.EncodeToString(random[prefixBytes:])
}

// Keys lists the keys of an agency, revoked ones too, oldest first. Error: *UnknownError.
func (s *Service) Keys(ctx context.Context, m events.MunicipalityID, agency events.AgencyID) (keys []Key, err error) {
	err = s.tx(ctx, func(st store) error {
		if _, err := st.agency(ctx, m, agency); err != nil {
			return err
		}
		keys, err = st.keys(ctx, m, agency)
		return err
	})
	return keys, err
}

// RevokeKey ends a key at once. Revoking it again keeps the first time. Error: *UnknownError.
func (s *Service) RevokeKey(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, prefix string) error {
	return s.changeAgency(ctx, m, agency, func(st store, _ Agency) error {
		found, err := st.revokeKey(ctx, m, agency, prefix, s.config.Now())
		if err != nil || found {
			return err
		}
		return &UnknownError{Noun: "key", Code: prefix, Remedy: "samsyn agency keys list"}
	})
}

// Credentials is what an agency needs to connect to NATS.
type Credentials struct {
	// File is the content of a .creds file. It is a secret.
	File []byte `json:"-"`
	// URL is the server's address.
	URL string `json:"url"`
	// Publish are the subjects the agency sends on, Hear those it receives on.
	Publish []string `json:"publish"`
	Hear    []string `json:"hear"`
}

// IssueCredentials makes credentials for an agency, and with revokeOlder ends all it
// had before: whoever is connected with those is cut off. They are not kept. Errors:
// *UnknownError, *InvalidError for a suspended agency.
func (s *Service) IssueCredentials(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, revokeOlder bool) (Credentials, error) {
	if s.operator == nil {
		return Credentials{}, ErrNoOperator
	}
	a, err := s.AgencyOf(ctx, m, agency)
	if err != nil {
		return Credentials{}, err
	}
	if a.Suspended != nil {
		return Credentials{}, &InvalidError{[]string{fmt.Sprintf("agency %s is suspended since %s: resume it first",
			agency, a.Suspended.Format(time.RFC3339))}}
	}
	var file []byte
	if revokeOlder {
		file, err = s.operator.Reissue(ctx, m, agency)
	} else {
		file, err = s.operator.Creds(m, agency)
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials of %s: %w", agency, err)
	}
	return Credentials{
		File: file, URL: s.config.NATSURL,
		Publish: append(events.IncidentSubjects(m, agency), events.CheckSubject(m, agency)),
		Hear:    []string{events.ReceiptSubject(m, agency), events.AlertSubject(m, agency), events.CheckpointSubject(m)},
	}, nil
}
