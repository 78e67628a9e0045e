// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"samsyn/events"
)

// AgencyAccount is what the key directory says about one agency.
type AgencyAccount struct {
	Municipality events.MunicipalityID
	Agency       events.AgencyID
	Suspended    bool
	Credentials  int // issued and not revoked
}

// AddAgency makes the account of an agency, tells the server, and proves the path with a canary, so EnsureAgency comes first. Repeating it is safe.
func (o *Operator) AddAgency(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	if !m.Valid() || !a.Valid() {
		return fmt.Errorf("add account of %q in %q: not a municipality and an agency", a, m)
	}
	err := o.keys.locked(func() error {
		account, scope, err := o.agencyKeys(m, a)
		if err != nil {
			return err
		}
		return o.current(agencyFile(m, a, ".jwt"), func() (*jwt.AccountClaims, error) {
			return agencyClaims(account, scope, o.platform, m, a)
		})
	})
	if err != nil {
		return err
	}
	return o.tell(ctx, m, a)
}

func (o *Operator) agencyKeys(m events.MunicipalityID, a events.AgencyID) (account, scope nkeys.KeyPair, err error) {
	if account, err = o.keys.key(agencyFile(m, a, ".nk"), nkeys.CreateAccount); err != nil {
		return nil, nil, err
	}
	scope, err = o.keys.key(agencyFile(m, a, ".scope.nk"), nkeys.CreateAccount)
	return account, scope, err
}

func agencyFile(m events.MunicipalityID, a events.AgencyID, kind string) string {
	return "agencies/" + string(m) + "_" + string(a) + kind
}

// Creds issues new credentials for an agency and returns them as a .creds file. They are not kept: show them once. ErrUnknownAgency, ErrSuspended.
func (o *Operator) Creds(m events.MunicipalityID, a events.AgencyID) ([]byte, error) {
	var creds []byte
	err := o.keys.locked(func() error {
		claims, err := o.agency(m, a)
		if err != nil {
			return err
		}
		if suspended(claims) {
			return fmt.Errorf("issue credentials of %s in %s: %w", a, m, ErrSuspended)
		}
		creds, err = o.issue(claims, m, a)
		return err
	})
	return creds, err
}

// Reissue issues new credentials and revokes all older ones: who uses those is disconnected at once.
func (o *Operator) Reissue(ctx context.Context, m events.MunicipalityID, a events.AgencyID) ([]byte, error) {
	var creds []byte
	err := o.change(ctx, m, a, func(claims *jwt.AccountClaims) error {
		if suspended(claims) {
			return fmt.Errorf("reissue credentials of %s in %s: %w", a, m, ErrSuspended)
		}
		issued, err := o.issued(m, a)
		if err != nil {
			return err
		}
		for _, user := range issued {
			claims.Revoke(user)
		}
		creds, err = o.issue(claims, m, a)
		return err
	})
	return creds, err
}

// Suspend shuts an agency out: its connections end within milliseconds, none is let in again, and a restart of the server changes nothing about it.
func (o *Operator) Suspend(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	return o.change(ctx, m, a, func(claims *jwt.AccountClaims) error {
		claims.RevokeAt(jwt.All, neverAgain())
		return nil
	})
}

// Resume lets a suspended agency in again with the credentials it has, except those revoked by Reissue.
func (o *Operator) Resume(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	return o.change(ctx, m, a, func(claims *jwt.AccountClaims) error {
		claims.ClearRevocation(jwt.All)
		return nil
	})
}

// Agencies lists the agencies that have an account, by municipality and name.
func (o *Operator) Agencies() ([]AgencyAccount, error) {
	files, err := os.ReadDir(o.keys.path("agencies"))
	if err != nil {
		return nil, fmt.Errorf("list agencies: %w", err)
	}
	var all []AgencyAccount
	for _, f := range files {
		name, isAccount := strings.CutSuffix(f.Name(), ".jwt")
		m, a, _ := strings.Cut(name, "_")
		if !isAccount {
			continue
		}
		account := AgencyAccount{Municipality: events.MunicipalityID(m), Agency: events.AgencyID(a)}
		claims, err := o.agency(account.Municipality, account.Agency)
		if err != nil {
			return nil, err
		}
		issued, err := o.issued(account.Municipality, account.Agency)
		if err != nil {
			return nil, err
		}
		account.Suspended = suspended(claims)
		for _, user := range issued {
			if _, revoked := claims.Revocations[user]; !revoked {
				account.Credentials++
			}
		}
		all = append(all, account)
	}
	return all, nil
}

func suspended(claims *jwt.AccountClaims) bool {
	_, all := claims.Revocations[jwt.All]
	return all
}

func (o *Operator) agency(m events.MunicipalityID, a events.AgencyID) (*jwt.AccountClaims, error) {
	claims, err := o.claims(agencyFile(m, a, ".jwt"))
	if err == nil && claims == nil {
		return nil, fmt.Errorf("%s in %s: %w", a, m, ErrUnknownAgency)
	}
	return claims, err
}

// change edits an agency's account on disk and then at the server: if the server cannot be told now, Sync tells it later.
func (o *Operator) change(ctx context.Context, m events.MunicipalityID, a events.AgencyID, edit func(*jwt.AccountClaims) error) error {
	err := o.keys.locked(func() error {
		claims, err := o.agency(m, a)
		if err != nil {
			return err
		}
		if err := edit(claims); err != nil {
			return err
		}
		_, err = o.sign(agencyFile(m, a, ".jwt"), claims)
		return err
	})
	if err != nil {
		return err
	}
	return o.tell(ctx, m, a)
}

// issue makes a user and notes it, so that Reissue can revoke it by name. Call it locked.
func (o *Operator) issue(claims *jwt.AccountClaims, m events.MunicipalityID, a events.AgencyID) ([]byte, error) {
	_, scope, err := o.agencyKeys(m, a)
	if err != nil {
		return nil, err
	}
	creds, public, err := userCreds(scope, claims.Subject, string(m)+" "+string(a))
	if err != nil {
		return nil, err
	}
	noted, err := o.keys.read(agencyFile(m, a, ".users"))
	if err != nil {
		return nil, err
	}
	noted += public + " " + time.Now().UTC().Format(time.RFC3339) + "\n"
	return creds, o.keys.write(agencyFile(m, a, ".users"), []byte(noted), jwtMode)
}

// issued lists the public keys of an agency's users.
func (o *Operator) issued(m events.MunicipalityID, a events.AgencyID) ([]string, error) {
	noted, err := o.keys.read(agencyFile(m, a, ".users"))
	if err != nil {
		return nil, err
	}
	var users []string
	for line := range strings.Lines(noted) {
		user, _, _ := strings.Cut(line, " ")
		users = append(users, strings.TrimSpace(user))
	}
	return users, nil
}

// tell gives the server the account as it is on disk and proves what should now hold. Without a server there is nobody to tell.
func (o *Operator) tell(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	server := o.connected()
	if server == nil {
		return nil
	}
	text, err := o.keys.read(agencyFile(m, a, ".jwt"))
	if err != nil {
		return err
	}
	if err := push(ctx, server, text); err != nil {
		return fmt.Errorf("account of %s in %s: %w", a, m, err)
	}
	claims, err := o.agency(m, a)
	if err != nil {
		return err
	}
	_, scope, err := o.agencyKeys(m, a)
	if err != nil {
		return err
	}
	// A user of the canary's own, gone with it: not one of the agency's credentials.
	creds, _, err := userCreds(scope, claims.Subject, "canary")
	if err != nil {
		return err
	}
	err = o.canary(ctx, m, a, creds)
	switch {
	case !suspended(claims):
		return err
	case err == nil:
		return fmt.Errorf("suspend %s in %s: it can still connect", a, m)
	case errors.Is(err, ErrNotPermitted):
		return nil
	default:
		return err
	}
}
