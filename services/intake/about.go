// SPDX-License-Identifier: EUPL-1.2

package intake

import "net/http"

// The version is that of schemas/openapi.yaml (a test holds them together), with the day on which it was released.
const (
	apiVersion  = "1.0.0"
	apiReleased = "2026-11-21"
)

type apiInfoBody struct {
	Name          string `json:"apiName"`
	Version       string `json:"apiVersion"`
	Released      string `json:"apiReleased"`
	Documentation string `json:"apiDocumentation"`
	Status        string `json:"apiStatus"`
}

// apiInfo is GET /api-info, as the Swedish public-sector REST API profile asks (DIGG, REST API-profil).
func (s *Service) apiInfo(w http.ResponseWriter, _ *http.Request) {
	body := apiInfoBody{
		Name: "Samsyn", Version: apiVersion, Released: apiReleased,
		Documentation: s.config.PublicURL + Base + "/openapi.json", Status: "active",
	}
	if err := writeJSON(w, http.StatusOK, body); err != nil {
		panic(err) // strings only
	}
}

// describe is GET /openapi.json.
func (s *Service) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", typeJSON+charset)
	_, _ = w.Write(s.openAPI) // the reader may be gone
}
