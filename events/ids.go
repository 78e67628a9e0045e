// SPDX-License-Identifier: EUPL-1.2

package events

import "strings"

// MunicipalityID names a municipality: the four-digit Swedish code ("0480" Nyköping) or, abroad, 2-16 of [a-z0-9-].
type MunicipalityID string

// AgencyID names an agency inside its municipality: 2-32 of [a-z0-9-].
type AgencyID string

// AreaCode names an area of a municipality: 1-32 of [A-Za-z0-9_-]. Municipality-level figures use the municipality's code.
type AreaCode string

// ReportID is the agency's own stable id of a report: 1-64 of [A-Za-z0-9._:-], never "." or "..".
// (municipality, agency, kind, report) is the identity of a report for ever.
type ReportID string

const (
	maxMunicipality = 16
	maxAgency       = 32
	maxArea         = 32
	maxReport       = 64
	maxID           = 128
)

// Valid says whether the code has the form of a municipality; whether there is such a municipality is the registry's to say.
func (m MunicipalityID) Valid() bool { return lowerCode(string(m), 2, maxMunicipality) }

// Valid says whether the code has the form of an agency; whether there is such an agency is the registry's to say.
func (a AgencyID) Valid() bool { return lowerCode(string(a), 2, maxAgency) }

// Valid says whether the code has the form of an area; whether there is such an area is the registry's to say.
func (a AreaCode) Valid() bool {
	if len(a) == 0 || len(a) > maxArea {
		return false
	}
	for i := 0; i < len(a); i++ {
		if c := a[i]; !alphanumeric(c) && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// Valid says whether the id may name a report. "." and ".." are refused, because a URL swallows them.
func (r ReportID) Valid() bool { return validID(string(r), maxReport) }

// Source is the CloudEvents source of what an agency sends: urn:samsyn:<municipality>:<agency>.
func Source(m MunicipalityID, a AgencyID) string { return sourcePrefix + string(m) + ":" + string(a) }

// PlatformSource is the CloudEvents source of what the platform itself says about a municipality: urn:samsyn:<municipality>.
func PlatformSource(m MunicipalityID) string { return sourcePrefix + string(m) }

const sourcePrefix = "urn:samsyn:"

// ParseSource reads the municipality and agency out of a source; ok is false when it has another form.
func ParseSource(source string) (m MunicipalityID, a AgencyID, ok bool) {
	rest, found := strings.CutPrefix(source, sourcePrefix)
	if !found {
		return "", "", false
	}
	left, right, found := strings.Cut(rest, ":")
	m, a = MunicipalityID(left), AgencyID(right)
	if !found || !m.Valid() || !a.Valid() {
		return "", "", false
	}
	return m, a, true
}

func validID(s string, most int) bool {
	if len(s) == 0 || len(s) > most || s == "." || s == ".." {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !alphanumeric(c) && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return true
}

func lowerCode(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
