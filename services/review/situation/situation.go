// SPDX-License-Identifier: EUPL-1.2

// Package situation makes the situation report (lägesbild) of an ISO week: who reported and who is silent, the counts against
// what was to be expected by group, area, weekday and hour, the flagged places, the places that carry most, weekly figures
// beside, what is coming, what is due, and the words of the review. It freezes the report at the deadline or by hand, keeps
// every version, and shows it as a page, on paper, as JSON, as XLSX and as PDF.
//
// It promises that a frozen report is the stored bytes and nothing else: each read compares them with their SHA-256, and the
// reports behind the numbers are kept by identity, so that what came later can be told apart and version 2 says what changed.
// Freezing twice without new data is one version. All of a report is read in one snapshot. Numbers are the same for everyone
// inside the agreement; it holds no reporter's text and no person but those who froze, wrote and decided.
//
// It does not count, flag or take positions: it reads the views of schema contract. It does not decide the deadline
// (services/review/calendar does).
//
// A stored report that is not what its hash says is not shown: the page answers 500 and samsyn verify names it. When Postgres
// is away a page answers 503 and nothing is frozen; the worker tries again.
package situation

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"samsyn/internal/web"
	"samsyn/services/review/paper"
)

//go:embed templates
var templateFiles embed.FS

// Config is what the service can do without.
type Config struct {
	// Now is the wall clock; nil is time.Now. Municipalities that are replayed have their own.
	Now    func() time.Time
	Logger *slog.Logger
	// Chromium is the program that makes PDF: a path, "" to look for one on PATH, "-" for none.
	Chromium string
}

// Service freezes situation reports and answers their pages.
type Service struct {
	store     Store
	lexicon   lexicon
	grounds   web.Kept[web.Drawing]
	templates *web.Templates
	printer   *paper.Printer
	config    Config
}

// New makes the service on a database it enters as samsyn_review.
func New(db DB, config Config) (*Service, error) {
	if db == nil {
		return nil, errors.New("situation reports need a database")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("open templates: %w", err)
	}
	templates, err := web.NewTemplates(files, config.Logger)
	if err != nil {
		return nil, err
	}
	return &Service{
		store: Store{db}, lexicon: newLexicon(), templates: templates, printer: paper.Find(config.Chromium), config: config,
	}, nil
}

// Store is what other packages of the review read reports with.
func (s *Service) Store() Store { return s.store }
