// SPDX-License-Identifier: EUPL-1.2

package schemas

import _ "embed"

// OpenAPI is the HTTP API in OpenAPI 3.1, as YAML. It is the contract: handlers are checked against it by tests, and it is
// served as /samsyn/v1/openapi.json.
//
//go:embed openapi.yaml
var OpenAPI []byte
