// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func secretOf(t *testing.T, shown string) []byte {
	t.Helper()
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(shown, "whsec_"))
	if err != nil || len(secret) != 32 {
		t.Fatalf("secret %q: %v", shown, err)
	}
	return secret
}

// The example of the specification's own libraries: a receiver that uses one of them must agree.
func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), secret)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// SSRF: nothing on the inside is reached, however it is written (trust.md 2.9).
func TestWebhookAddresses(t *testing.T) {
	c := Webhook{Hosts: []string{"hooks.example.se"}}
	for address, ok := range map[string]bool{
		"https://hooks.example.se/in":              true,
		"https://hooks.example.se:443/in":          true,
		"https://HOOKS.example.se/in":              true,
		"http://hooks.example.se/in":               false,
		"https://hooks.example.se:8443/in":         false,
		"https://other.example.se/in":              false,
		"https://hooks.example.se.evil.example/in": false,
		"https://user:secret@hooks.example.se/in":  false,
		"https://hooks.example.se@evil.example/":   false,
		"https://127.0.0.1/":                       false,
		"https://127.1/":                           false,
		"https://0x7f000001/":                      false,
		"https://[::1]/":                           false,
		"https://[::ffff:127.0.0.1]/":              false,
		"https://169.254.169.254/":                 false,
		"http://localhost:9000/":                   false,
		"ftp://hooks.example.se/":                  false,
		"hooks.example.se":                         false,
		"":                                         false,
	} {
		if err := c.check(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	c.Loopback = true
	if err := c.check("http://127.0.0.1:9000/in"); err != nil {
		t.Errorf("the demo's own receiver is refused: %v", err)
	}
	if err := c.check("http://10.0.0.1:9000/in"); err == nil {
		t.Error("loopback lets the inside through")
	}
}

// The name is checked when it is given; what counts is the address that is connected to, or a name that changes its mind gets in.
func TestConnectedAddressMustBePublic(t *testing.T) {
	for address, ok := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1::1]:443": true,
		"93.184.216.34:80": false, "127.0.0.1:443": false, "10.1.2.3:443": false, "172.16.0.1:443": false, "192.168.1.1:443": false,
		"169.254.169.254:443": false, "100.64.0.1:443": false, "0.0.0.0:443": false, "0.1.2.3:443": false, "224.0.0.1:443": false,
		"240.0.0.1:443": false, "255.255.255.255:443": false, "192.0.2.1:443": false, "198.18.0.1:443": false, "[::]:443": false, "[::1]:443": false,
		"[fe80::1]:443": false, "[fe80::1%eth0]:443": false, "[fc00::1]:443": false, "[ff02::1]:443": false, "[::ffff:93.184.216.34]:443": false,
		"[::ffff:127.0.0.1]:443": false, "[64:ff9b::7f00:1]:443": false, "[2002:7f00:1::]:443": false, "[2001:db8::1]:443": false, "nonsense": false,
	} {
		if err := (Webhook{}).mayConnect(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if !public(netip.MustParseAddr("1.1.1.1")) {
		t.Error("1.1.1.1 is not public")
	}
}
