// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
)

const webhookAnswer = 64 << 10 // what is read of an answer

// webhook posts events to agencies' systems, signed as Standard Webhooks say (standardwebhooks.com, specification 1.0).
type webhook struct {
	config Webhook
	client *http.Client
}

func newWebhook(c Webhook) *webhook {
	dialer := &net.Dialer{Timeout: c.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		return c.mayConnect(address)
	}}
	return &webhook{config: c, client: &http.Client{
		Timeout: c.Timeout,
		// No proxy: it would be what connects, and the address checked would be the proxy's.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: c.Timeout, ResponseHeaderTimeout: c.Timeout,
			MaxResponseHeaderBytes: webhookAnswer, DisableKeepAlives: true, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Check says why url may not be given a webhook, or nil.
func (c Webhook) check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%q is not a web address without user and fragment", address)
	}
	if c.Loopback && loopbackHost(u.Hostname()) && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return fmt.Errorf("%s is not https on port 443", address)
	}
	if !slices.Contains(c.Hosts, strings.ToLower(u.Hostname())) {
		return fmt.Errorf("host %s is not among those that are approved for webhooks", u.Hostname())
	}
	return nil
}

// mayConnect is asked with the address that is really connected to, so that a name that changes its mind changes nothing.
func (c Webhook) mayConnect(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	if c.Loopback && at.Addr().Unmap().IsLoopback() {
		return nil
	}
	if at.Port() != 443 || !public(at.Addr()) {
		return fmt.Errorf("address %s is not on the public internet", address)
	}
	return nil
}

// Special-purpose blocks that IsGlobalUnicast lets through (IANA registries of RFC 6890, read 2026).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
}

func public(addr netip.Addr) bool {
	if addr.Is4In6() || addr.Zone() != "" || !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// secret is the signing secret of one version of one subscription: 32 bytes that the installation's secret decides.
func (c Webhook) secret(m events.MunicipalityID, subscription uuid.UUID, version int) []byte {
	mac := hmac.New(sha256.New, c.Secret)
	_, _ = fmt.Fprintf(mac, "webhook/%s/%s/%d", m, subscription, version)
	return mac.Sum(nil)
}

// showSecret writes a secret as receivers configure it.
func showSecret(secret []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(secret) }

// sign gives one signature a secret, so that a receiver may still hold the one before.
func sign(id string, at time.Time, body []byte, secrets ...[]byte) string {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

// send posts the letter once. Anything but 2xx is a failure; 410 Gone says that nobody will ever listen there again.
func (w *webhook) send(ctx context.Context, now time.Time, l letter) error {
	if err := w.config.check(l.Recipient); err != nil {
		return &deliveryError{reason: err.Error(), cause: err}
	}
	body, contentType, err := l.eventBody()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.Recipient, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	id := "msg_" + l.ID.String()
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", "Samsyn")
	request.Header.Set("webhook-id", id)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", sign(id, now, body, w.secrets(l)...))
	response, err := w.client.Do(request)
	if err != nil {
		return &deliveryError{reason: "no answer: " + transportReason(err), cause: err}
	}
	defer func() { _ = response.Body.Close() }() // an answer that was read
	// The answer is taken and thrown away, as far as the limit; a body that never ends meets the timeout.
	_, _ = io.CopyN(io.Discard, response.Body, webhookAnswer)
	if response.StatusCode/100 == 2 {
		return nil
	}
	return &deliveryError{
		reason: "answered " + strconv.Itoa(response.StatusCode), permanent: response.StatusCode == http.StatusGone,
		after: retryAfter(response.Header.Get("Retry-After"), now),
	}
}

func (w *webhook) secrets(l letter) [][]byte {
	secrets := [][]byte{w.config.secret(l.Municipality, l.Subscription.ID, l.Subscription.Secret)}
	if l.Subscription.Secret > 1 {
		secrets = append(secrets, w.config.secret(l.Municipality, l.Subscription.ID, l.Subscription.Secret-1))
	}
	return secrets
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3); what cannot be read is no wish. A wish is granted up to four hours.
func retryAfter(value string, now time.Time) time.Duration {
	var wish time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		wish = time.Duration(min(max(seconds, 0), 1<<20)) * time.Second
	} else if moment, err := http.ParseTime(value); err == nil {
		wish = moment.Sub(now)
	}
	return min(max(wish, 0), 4*time.Hour)
}

// transportReason drops the URL that http.Client puts into its errors: it may hold the receiver's own token.
func transportReason(err error) string {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return err.Error()
}
