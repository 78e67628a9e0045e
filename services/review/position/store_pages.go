// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
)

// know reads what a form is made from, as the viewer.
func (s *Service) know(ctx context.Context, v pg.Viewer, id uuid.UUID) (k known, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		k, err = readKnown(ctx, tx, v.Municipality, id)
		return err
	})
	return k, err
}

// take decides as the viewer, by the municipality's clock, which it puts into d. What is known is there also when nothing was stored.
func (s *Service) take(ctx context.Context, v pg.Viewer, d *Decision) (k known, p Position, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		if k, err = readKnown(ctx, tx, v.Municipality, d.Flag); err != nil {
			return err
		}
		d.At = k.town.Now(s.config.Now())
		p, err = DecideTx(ctx, tx, v.Municipality, *d)
		return err
	})
	return k, p, err
}

func readKnown(ctx context.Context, tx pgx.Tx, municipality string, id uuid.UUID) (k known, err error) {
	var actions []action.Action
	for _, step := range []func() error{
		func() error { k.town, err = calendar.Read(ctx, tx, municipality); return err },
		func() error { k.flag, err = readFlag(ctx, tx, municipality, id); return err },
		func() error { k.position, err = readPosition(ctx, tx, municipality, id); return err },
		func() error { k.history, err = readHistory(ctx, tx, municipality, id); return err },
		func() error { k.agencies, err = readAgencies(ctx, tx, municipality, id); return err },
		func() error { k.persons, err = readPersons(ctx, tx, municipality); return err },
		func() error {
			actions, err = action.ListTx(ctx, tx, municipality, action.Filter{Flag: &id})
			return err
		},
	} {
		if err := step(); err != nil {
			return known{}, err
		}
	}
	k.actions = map[uuid.UUID]action.Action{}
	for _, a := range actions {
		k.actions[a.ID] = a
	}
	return k, nil
}

// readOverall reads what the lists are made from, as the viewer.
func (s *Service) readOverall(ctx context.Context, v pg.Viewer) (o overallKnown, err error) {
	m := v.Municipality
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		if o.town, err = calendar.Read(ctx, tx, m); err != nil {
			return err
		}
		now := o.town.Now(s.config.Now())
		o.since = o.town.Rhythm.Meeting(o.town.Rhythm.Last(now))
		if o.waiting, err = WaitingTx(ctx, tx, m); err != nil {
			return err
		}
		if o.standing, err = StandingTx(ctx, tx, m, o.since); err != nil {
			return err
		}
		if o.agencies, err = readAgencies(ctx, tx, m, uuid.Nil); err != nil {
			return err
		}
		o.share, err = ShareTx(ctx, tx, m, now.AddDate(-1, 0, 0), now.AddDate(0, 0, 1))
		return err
	})
	return o, err
}
