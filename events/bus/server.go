// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// subjectServers is where PLATFORM may ask every server of the cluster about its store. The system account exports it; see claims.go.
const subjectServers = "samsyn.servers.jsz"

// serverStore is the part of a server's answer that matters here.
type serverStore struct {
	Server struct {
		Name    string `json:"name"`
		Version string `json:"ver"`
		Cluster string `json:"cluster"`
	} `json:"server"`
	Data struct {
		Config struct {
			MaxStorage int64 `json:"max_storage"`
			SyncAlways bool  `json:"sync_always"`
		} `json:"config"`
	} `json:"data"`
}

// Durability returns nil only when every server says that it writes to disk before it acknowledges (sync_interval: always) and none is older than
// MinServer. Anything else, silence included, is ErrNotDurable or ErrServerTooOld: show it, and do not call yourself ready.
func (c *Conn) Durability(ctx context.Context) error {
	servers, err := c.servers(ctx)
	if err != nil {
		return fmt.Errorf("%w: the server does not say how it writes: %w", ErrNotDurable, err)
	}
	for _, s := range servers {
		if !s.Data.Config.SyncAlways {
			return fmt.Errorf("%w: server %s acknowledges before it has written: set sync_interval to always", ErrNotDurable, s.Server.Name)
		}
		if err := versionGate(s.Server.Version); err != nil {
			return fmt.Errorf("server %s: %w", s.Server.Name, err)
		}
	}
	return nil
}

// store is the smallest max_file_store of the servers in bytes, 0 when none says.
func (c *Conn) store(ctx context.Context) int64 {
	servers, err := c.servers(ctx)
	if err != nil {
		c.log.Info("the server does not tell the size of its store", "error", err)
		return 0
	}
	least := servers[0].Data.Config.MaxStorage
	for _, s := range servers[1:] {
		least = min(least, s.Data.Config.MaxStorage)
	}
	return least
}

const (
	serverWait    = 2 * time.Second
	serverSilence = 250 * time.Millisecond // after which no further server of a cluster is expected
)

// servers asks all servers. A server without a cluster is the only one.
func (c *Conn) servers(ctx context.Context) ([]serverStore, error) {
	ctx, cancel := context.WithTimeout(ctx, serverWait)
	defer cancel()
	inbox := c.nc.NewInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("ask the servers: %w", err)
	}
	defer c.unsubscribe(sub)
	if err := c.nc.PublishRequest(subjectServers, inbox, []byte(`{"config":true}`)); err != nil {
		return nil, fmt.Errorf("ask the servers: %w", err)
	}
	var found []serverStore
	for {
		m, err := nextAnswer(ctx, sub, len(found) > 0)
		if err != nil {
			if len(found) > 0 {
				return found, nil
			}
			return nil, fmt.Errorf("ask the servers: %w", err)
		}
		if m.Header.Get("Status") == "503" {
			return nil, fmt.Errorf("ask the servers: %w", nats.ErrNoResponders)
		}
		var s serverStore
		if err := json.Unmarshal(m.Data, &s); err != nil {
			return nil, fmt.Errorf("read the server's answer: %w", err)
		}
		found = append(found, s)
		if s.Server.Cluster == "" {
			return found, nil
		}
	}
}

func nextAnswer(ctx context.Context, sub *nats.Subscription, some bool) (*nats.Msg, error) {
	if !some {
		return sub.NextMsgWithContext(ctx)
	}
	m, err := sub.NextMsg(serverSilence)
	if errors.Is(err, nats.ErrTimeout) && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return m, err
}
