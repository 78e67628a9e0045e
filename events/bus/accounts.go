// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"samsyn/events"
)

// Operator owns the keys of an installation and decides who is let in: one account for the platform, one for each agency. The key directory is the
// truth; a server that is connected (Connect) is told of each change while everything runs, and one that is not is told later (Sync).
// Each agency is an account of its own, because in a shared one it could put a message on another's subject by choosing that as reply subject, suppress
// another's event by using its message id first, and read everyone's traffic from sequence numbers.
type Operator struct {
	keys     keyring
	operator nkeys.KeyPair
	system   nkeys.KeyPair
	platform nkeys.KeyPair

	mu     sync.Mutex
	server *Conn  // in the system account; nil when not connected
	dial   Config // how to reach the server, without credentials
}

// ErrUnknownAgency says that an agency has no account.
var ErrUnknownAgency = errors.New("the agency has no account")

// ErrSuspended says that an agency is suspended: it cannot connect and gets no credentials.
var ErrSuspended = errors.New("the agency is suspended")

// NewOperator opens the key directory, making keys and accounts the first time. The directory is 0700, keys are 0400.
func NewOperator(dir string) (*Operator, error) {
	keys, err := openKeyring(dir)
	if err != nil {
		return nil, err
	}
	o := &Operator{keys: keys}
	return o, keys.locked(o.load)
}

func (o *Operator) load() (err error) {
	if o.operator, err = o.keys.key("operator.nk", nkeys.CreateOperator); err != nil {
		return err
	}
	if o.system, err = o.keys.key("system.nk", nkeys.CreateAccount); err != nil {
		return err
	}
	if o.platform, err = o.keys.key("platform.nk", nkeys.CreateAccount); err != nil {
		return err
	}
	if err := o.loadOperatorJWT(); err != nil {
		return err
	}
	if err := o.current("system.jwt", func() (*jwt.AccountClaims, error) { return systemClaims(o.system) }); err != nil {
		return err
	}
	return o.current("platform.jwt", func() (*jwt.AccountClaims, error) { return platformClaims(o.platform, o.system) })
}

func (o *Operator) loadOperatorJWT() error {
	if text, err := o.keys.read("operator.jwt"); err != nil || text != "" {
		return err
	}
	public, err := o.operator.PublicKey()
	if err != nil {
		return fmt.Errorf("read operator key: %w", err)
	}
	claims := jwt.NewOperatorClaims(public)
	claims.Name = "samsyn"
	if claims.SystemAccount, err = o.system.PublicKey(); err != nil {
		return fmt.Errorf("read system key: %w", err)
	}
	text, err := claims.Encode(o.operator)
	if err != nil {
		return fmt.Errorf("sign operator: %w", err)
	}
	return o.keys.write("operator.jwt", []byte(text), jwtMode)
}

// current signs an account the first time and when the version of the claims has changed; revocations are kept.
func (o *Operator) current(name string, fresh func() (*jwt.AccountClaims, error)) error {
	have, err := o.claims(name)
	if err != nil {
		return err
	}
	if have != nil && have.Description == claimsVersion {
		return nil
	}
	claims, err := fresh()
	if err != nil {
		return err
	}
	if have != nil {
		claims.Revocations = have.Revocations
	}
	_, err = o.sign(name, claims)
	return err
}

// claims reads an account; nil when there is none.
func (o *Operator) claims(name string) (*jwt.AccountClaims, error) {
	text, err := o.keys.read(name)
	if err != nil || text == "" {
		return nil, err
	}
	claims, err := jwt.DecodeAccountClaims(text)
	if err != nil {
		return nil, fmt.Errorf("read account %s: %w", name, err)
	}
	return claims, nil
}

func (o *Operator) sign(name string, claims *jwt.AccountClaims) (string, error) {
	results := jwt.CreateValidationResults()
	claims.Validate(results)
	if results.IsBlocking(true) {
		return "", fmt.Errorf("sign account %s: %w", name, errors.Join(results.Errors()...))
	}
	text, err := claims.Encode(o.operator)
	if err != nil {
		return "", fmt.Errorf("sign account %s: %w", name, err)
	}
	return text, o.keys.write(name, []byte(text), jwtMode)
}

// JWT is the operator's public statement that a server is configured with, and the public key of the system account.
func (o *Operator) JWT() (operator, systemAccount string, err error) {
	if operator, err = o.keys.read("operator.jwt"); err != nil {
		return "", "", err
	}
	systemAccount, err = o.system.PublicKey()
	return operator, systemAccount, err
}

// Accounts gives the signed statement of every account by its public key: what a server's resolver must hold.
func (o *Operator) Accounts() (map[string]string, error) {
	names := []string{"system.jwt", "platform.jwt"}
	files, err := os.ReadDir(o.keys.path("agencies"))
	if err != nil {
		return nil, fmt.Errorf("list agencies: %w", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".jwt") {
			names = append(names, "agencies/"+f.Name())
		}
	}
	all := make(map[string]string, len(names))
	for _, name := range names {
		text, err := o.keys.read(name)
		if err != nil {
			return nil, err
		}
		claims, err := jwt.DecodeAccountClaims(text)
		if err != nil {
			return nil, fmt.Errorf("read account %s: %w", name, err)
		}
		all[claims.Subject] = text
	}
	return all, nil
}

// PlatformCreds makes credentials with all rights in PLATFORM, as a .creds file: for our own roles, never for an agency.
func (o *Operator) PlatformCreds(name string) ([]byte, error) {
	creds, _, err := userCreds(o.platform, "", name)
	return creds, err
}

// Connect connects to the server that the agencies use and tells it of what changed meanwhile. cfg has no credentials; with InProcess it also has the
// URL that agencies use, by which each change is proved.
func (o *Operator) Connect(ctx context.Context, cfg Config) error {
	creds, _, err := userCreds(o.system, "", "operator")
	if err != nil {
		return err
	}
	cfg.Creds, cfg.CredsData, cfg.Name = "", creds, "samsyn operator"
	server, err := Connect(ctx, cfg)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.server, o.dial = server, cfg
	o.mu.Unlock()
	return o.Sync(ctx)
}

// Close ends the connection to the server. Keys stay usable.
func (o *Operator) Close() {
	o.mu.Lock()
	server := o.server
	o.server = nil
	o.mu.Unlock()
	if server != nil {
		server.Close()
	}
}

// Sync gives the server every account that it holds in another version or not at all.
func (o *Operator) Sync(ctx context.Context) error {
	accounts, err := o.Accounts()
	if err != nil {
		return err
	}
	server := o.connected()
	if server == nil {
		return nil
	}
	for public, text := range accounts {
		held, err := server.Request(ctx, "$SYS.REQ.ACCOUNT."+public+".CLAIMS.LOOKUP", nil)
		if err != nil && !errors.Is(err, ErrNoStream) && !errors.Is(err, ErrNoAnswer) {
			return fmt.Errorf("look up account %s: %w", public, err)
		}
		if string(held) == text {
			continue
		}
		if err := push(ctx, server, text); err != nil {
			return err
		}
	}
	return nil
}

func (o *Operator) connected() *Conn {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.server
}

// push tells the server of an account. The answer's body says whether it was taken: the absence of an error says nothing.
func push(ctx context.Context, server *Conn, text string) error {
	answer, err := server.Request(ctx, "$SYS.REQ.CLAIMS.UPDATE", []byte(text))
	if err != nil {
		return fmt.Errorf("update account: %w", err)
	}
	var said struct {
		Data struct {
			Code int `json:"code"`
		} `json:"data"`
		Error struct {
			Code        int    `json:"code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return fmt.Errorf("read answer to account update: %w", err)
	}
	if said.Data.Code != 200 || said.Error.Code != 0 {
		return fmt.Errorf("update account: %w: %d %s", ErrRefused, said.Error.Code, said.Error.Description)
	}
	return nil
}

// canary proves the whole path of an agency with a message that its stream takes in hand and refuses, because it asks for another stream: nothing is
// stored, and everything from the credentials to the stream was used.
func (o *Operator) canary(ctx context.Context, m events.MunicipalityID, a events.AgencyID, creds []byte) error {
	o.mu.Lock()
	cfg := o.dial
	o.mu.Unlock()
	cfg.CredsData, cfg.Name = creds, "samsyn canary"
	if cfg.URL != "" {
		cfg.InProcess = nil // as agencies come; and a refusal inside the process is no more than a closed pipe
	}
	conn, err := Connect(ctx, cfg)
	if errors.Is(err, nats.ErrMaxAccountConnectionsExceeded) {
		return nil // the agency itself proves that its account is open
	}
	if err != nil {
		return fmt.Errorf("canary of %s in %s: %w", a, m, err)
	}
	defer conn.Close()
	_, err = conn.Publish(ctx, Message{
		Subject: events.IncidentSubject(m, a, events.Reported), Header: map[string]string{jetstream.ExpectedStreamHeader: "CANARY"},
	})
	var refusal *PublishError
	if errors.As(err, &refusal) && refusal.Code == codeWrongStream {
		return nil
	}
	return fmt.Errorf("canary of %s in %s: the path does not hold: %w", a, m, err)
}
