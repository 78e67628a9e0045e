// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"samsyn/events"
)

// claimsVersion is written into every account: when what follows changes, the number goes up and Operator.Sync signs the accounts anew.
const claimsVersion = "samsyn accounts 1"

const (
	agencyConnections   = 10
	agencySubscriptions = 50
)

// platformClaims: what PLATFORM offers, once and for all. Each offer is private: an agency's part is named by the activation token in its own account,
// so that taking in an agency changes nothing here. Pulling is an answer of many messages, hence a stream of responses.
func platformClaims(platform, system nkeys.KeyPair) (*jwt.AccountClaims, error) {
	claims, err := newAccount(platform, "PLATFORM")
	if err != nil {
		return nil, err
	}
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{
		DiskStorage: jwt.NoLimit, MemoryStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit,
	}
	claims.Exports.Add(
		&jwt.Export{Name: "incidents", Subject: "incident.>", Type: jwt.Service, TokenReq: true},
		&jwt.Export{Name: "checks", Subject: "check.>", Type: jwt.Service, TokenReq: true},
		&jwt.Export{Name: "pulls", Subject: "$JS.API.CONSUMER.MSG.NEXT.>", Type: jwt.Service, ResponseType: jwt.ResponseTypeStream, TokenReq: true},
		&jwt.Export{Name: "acknowledgements", Subject: "$JS.ACK.>", Type: jwt.Service, TokenReq: true},
		&jwt.Export{Name: "receipts", Subject: "receipt.>", Type: jwt.Stream, TokenReq: true},
		&jwt.Export{Name: "alerts", Subject: "alert.>", Type: jwt.Stream, TokenReq: true},
		&jwt.Export{Name: "checkpoints", Subject: "checkpoint.>", Type: jwt.Stream, TokenReq: true},
	)
	err = importFrom(claims, platform, system, grant{name: "servers", subject: subjectServerStores, local: subjectServers, kind: jwt.Service})
	return claims, err
}

// subjectServerStores is where a server answers the system account about its store.
const subjectServerStores = "$SYS.REQ.SERVER.PING.JSZ"

// systemClaims: SYS lets PLATFORM ask how the servers write to disk, and nothing else.
func systemClaims(system nkeys.KeyPair) (*jwt.AccountClaims, error) {
	claims, err := newAccount(system, "SYS")
	if err != nil {
		return nil, err
	}
	claims.Exports.Add(&jwt.Export{
		Name: "servers", Subject: subjectServerStores, Type: jwt.Service, ResponseType: jwt.ResponseTypeStream, TokenReq: true,
	})
	return claims, nil
}

// agencyClaims: all that reaches an agency, and all that it can reach. Its users are signed by the scope key, and take their rights from the scope:
// a changed right reaches credentials that were issued long ago.
func agencyClaims(account, scope, platform nkeys.KeyPair, m events.MunicipalityID, a events.AgencyID) (*jwt.AccountClaims, error) {
	claims, err := newAccount(account, "AGENCY "+string(m)+" "+string(a))
	if err != nil {
		return nil, err
	}
	claims.Limits.Conn, claims.Limits.LeafNodeConn = agencyConnections, 0
	claims.Limits.Subs, claims.Limits.Payload = agencySubscriptions, MaxMessage
	claims.Limits.Exports, claims.Limits.WildcardExports = 0, false
	claims.Limits.DisallowBearer = true
	for _, g := range agencyGrants(m, a) {
		if err := importFrom(claims, account, platform, g); err != nil {
			return nil, err
		}
	}
	signer, err := scope.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("read scope key: %w", err)
	}
	template := jwt.NewUserScope()
	template.Key, template.Role = signer, "agency"
	template.Template = agencyRights(m, a)
	claims.SigningKeys.AddScopedSigner(template)
	return claims, nil
}

// grant is one part of PLATFORM that an account takes in.
type grant struct {
	name, subject, local string
	kind                 jwt.ExportType
}

func agencyGrants(m events.MunicipalityID, a events.AgencyID) []grant {
	grants := []grant{
		{name: "incidents", subject: "incident." + string(m) + "." + string(a) + ".*", kind: jwt.Service},
		{name: "check", subject: events.CheckSubject(m, a), kind: jwt.Service},
		{name: "receipts", subject: events.ReceiptSubject(m, a), kind: jwt.Stream},
		{name: "alerts", subject: events.AlertSubject(m, a), kind: jwt.Stream},
		{name: "checkpoints", subject: events.CheckpointSubject(m), kind: jwt.Stream},
	}
	for _, stream := range pulledStreams(m, a) {
		grants = append(grants,
			grant{name: "pull " + stream, subject: pullSubject(stream), kind: jwt.Service},
			grant{name: "acknowledge " + stream, subject: ackSubject(stream), kind: jwt.Service},
		)
	}
	return grants
}

func pulledStreams(m events.MunicipalityID, a events.AgencyID) []string {
	return []string{events.ReceiptStream(m, a), events.AlertStream(m, a)}
}

func pullSubject(stream string) string {
	return "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + AgencyDurable
}
func ackSubject(stream string) string { return "$JS.ACK." + stream + "." + AgencyDurable + ".>" }

// agencyRights lists every subject that an agency's user may name. Each verb is listed: a misspelt one is denied at once.
func agencyRights(m events.MunicipalityID, a events.AgencyID) jwt.UserPermissionLimits {
	var rights jwt.UserPermissionLimits
	rights.Pub.Allow.Add(events.IncidentSubjects(m, a)...)
	rights.Pub.Allow.Add(events.CheckSubject(m, a))
	for _, stream := range pulledStreams(m, a) {
		rights.Pub.Allow.Add(pullSubject(stream), ackSubject(stream))
	}
	rights.Sub.Allow.Add("_INBOX.>", events.ReceiptSubject(m, a), events.AlertSubject(m, a), events.CheckpointSubject(m))
	rights.Subs, rights.Data, rights.Payload = agencySubscriptions, jwt.NoLimit, MaxMessage
	rights.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard, jwt.ConnectionTypeInProcess)
	return rights
}

func newAccount(pair nkeys.KeyPair, name string) (*jwt.AccountClaims, error) {
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("read key of %s: %w", name, err)
	}
	claims := jwt.NewAccountClaims(public)
	claims.Name, claims.Description = name, claimsVersion
	return claims, nil
}

// importFrom takes a part of the exporter's offer into the importer's claims, with the exporter's token for exactly that subject.
func importFrom(claims *jwt.AccountClaims, importer, exporter nkeys.KeyPair, g grant) error {
	to, err := importer.PublicKey()
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	from, err := exporter.PublicKey()
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	activation := jwt.NewActivationClaims(to)
	activation.Name = g.name
	activation.ImportSubject, activation.ImportType = jwt.Subject(g.subject), g.kind
	token, err := activation.Encode(exporter)
	if err != nil {
		return fmt.Errorf("sign activation of %s: %w", g.subject, err)
	}
	claims.Imports.Add(&jwt.Import{
		Name: g.name, Subject: jwt.Subject(g.subject), LocalSubject: jwt.RenamingSubject(g.local), Account: from, Type: g.kind, Token: token,
	})
	return nil
}

// neverAgain is the time up to which a suspended agency's credentials are revoked: also those that somebody issues meanwhile.
func neverAgain() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }

// userCreds makes a user and returns its .creds file and public key. With an issuer account the signer is a scope key.
func userCreds(signer nkeys.KeyPair, issuerAccount, name string) (creds []byte, public string, err error) {
	user, err := nkeys.CreateUser()
	if err != nil {
		return nil, "", fmt.Errorf("make user key: %w", err)
	}
	if public, err = user.PublicKey(); err != nil {
		return nil, "", fmt.Errorf("make user key: %w", err)
	}
	claims := jwt.NewUserClaims(public)
	claims.Name = name
	if issuerAccount != "" {
		claims.IssuerAccount = issuerAccount
		claims.SetScoped(true)
	}
	token, err := claims.Encode(signer)
	if err != nil {
		return nil, "", fmt.Errorf("sign user: %w", err)
	}
	seed, err := user.Seed()
	if err != nil {
		return nil, "", fmt.Errorf("make user key: %w", err)
	}
	creds, err = jwt.FormatUserConfig(token, seed)
	if err != nil {
		return nil, "", fmt.Errorf("write credentials: %w", err)
	}
	return creds, public, nil
}
