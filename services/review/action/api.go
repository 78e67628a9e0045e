// SPDX-License-Identifier: EUPL-1.2

package action

import "net/http"

const apiBase = "/samsyn/v1"

type apiRoute struct{ method, path string }

func (s *Service) apiRoutes() []apiRoute { return nil }

func (s *Service) serveAPI(apiRoute) http.Handler { return http.NotFoundHandler() }
