// SPDX-License-Identifier: EUPL-1.2

// Package feedback tells everybody who reported what came of it.
//
// What it is for. A report is received; it is counted in a frozen situation report; the flagged place it is part of gets a position; what
// was decided is done. The worker looks what changed ([Service.Tick]), keeps for each report how far it has come, says so once to the
// agency's systems (samsyn.feedback.v1 on the subject of its receipts) and, once a week, to the person who sent it by the form.
//
// What it promises. What came of a report follows from stored facts by one pure function (status.go). A change is kept in one transaction
// with the event that tells it; its id follows from what it is about, so a repeat is known as one. Nothing that was told is taken
// back because a fact is gone. An agency reads and hears what came of its own reports alone. Neither event nor mail holds the text of a
// report, a place or a person.
//
// What it does not do. It decides nothing, and does not send receipts: those are the correlator's. A report that is in no situation report
// and part of no flagged place has no row here.
//
// When it fails. Without Postgres nothing is told and nothing lost: what has changed is found by what was last told. Without NATS events
// wait in Postgres; an agency without a stream misses them and finds them under its reports. Mails wait in the outbox (package post).
//
// Read it in this order: status.go (what came of a report), words.go, tick.go (what changed), publish.go, weekly.go (mails), choice.go (who
// wants none), panel.go (how many were answered).
package feedback

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"strings"
	texttemplate "text/template"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// Config is what an installation decides about feedback.
type Config struct {
	// PublicURL is where people reach the pages; without it mails have no links.
	PublicURL string
	// Key, of at least 16 bytes, makes the addresses by which a person says that they want no mails.
	Key []byte
}

// Service tells.
type Service struct {
	config    Config
	store     store
	conn      *bus.Conn
	log       *slog.Logger
	templates *web.Templates
	panel     *template.Template
	mailHTML  *template.Template
	mailText  *texttemplate.Template
}

//go:embed templates
var templateFiles embed.FS

// New makes the service on a database it enters as samsyn_review and a connection to the PLATFORM account; conn may be nil where only
// pages are served. The error names what is wrong with the Config.
func New(db pg.Beginner, conn *bus.Conn, log *slog.Logger, config Config) (*Service, error) {
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	if config.PublicURL != "" && len(config.Key) < 16 {
		return nil, errors.New("feedback config: mails with links need a key of at least 16 bytes")
	}
	s := &Service{config: config, store: store{db}, conn: conn, log: log}
	pages, err := fs.Sub(templateFiles, "templates/pages")
	if err != nil {
		return nil, err
	}
	if s.templates, err = web.NewTemplates(pages, log); err != nil {
		return nil, err
	}
	if s.panel, err = template.ParseFS(templateFiles, "templates/panel.html"); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	if s.mailHTML, err = template.ParseFS(templateFiles, "templates/mail.html"); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	if s.mailText, err = texttemplate.ParseFS(templateFiles, "templates/mail.txt"); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	return s, nil
}

// choicePath is where a person says whether they want the mails, without signing in: whoever has the mail has the address.
const choicePath = "/mejl/aterkoppling/{municipality}/{person}/{proof}"

// choiceURL is a person's own address of that page; empty where there are no pages.
func (s *Service) choiceURL(m events.MunicipalityID, person uuid.UUID) string {
	if s.config.PublicURL == "" {
		return ""
	}
	return s.config.PublicURL + strings.NewReplacer("{municipality}", string(m), "{person}", person.String(), "{proof}", s.proof(m, person)).Replace(choicePath)
}

// proof is what only the receiver of the mail and we know of the address.
func (s *Service) proof(m events.MunicipalityID, person uuid.UUID) string {
	mac := hmac.New(sha256.New, s.config.Key)
	_, _ = mac.Write([]byte("feedback mail\n" + string(m) + "\n" + person.String())) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
