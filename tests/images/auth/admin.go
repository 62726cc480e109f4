// admin.go - what operators ask on port 9000.
//
// SPDX-License-Identifier: MIT
package main

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"runtime"
	"time"
)

// whoAmI names the user: what /etc/passwd is for.
func whoAmI() string {
	id := fmt.Sprint(os.Getuid())
	me, err := user.LookupId(id)
	if err != nil {
		return id + " (" + err.Error() + ")"
	}
	return me.Username
}

// roots counts the CA certificates that HTTPS is checked against.
func roots() int {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return 0
	}
	return len(pool.Subjects()) //lint:ignore SA1019 complete on Linux
}

func (s *service) version(w http.ResponseWriter, _ *http.Request) {
	home, _ := os.UserHomeDir()
	answer(w, http.StatusOK, map[string]interface{}{
		"version": version, "commit": commit, "built": buildTime, "arch": runtime.GOARCH,
		"user": whoAmI(), "home": home, "roots": roots(),
	})
}

// clock is the time in $TZ's zone, or in that of ?tz=.
func clock(w http.ResponseWriter, r *http.Request) {
	zone := time.Local
	if tz := r.URL.Query().Get("tz"); tz != "" {
		var err error
		if zone, err = time.LoadLocation(tz); err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
	}
	answer(w, http.StatusOK, map[string]string{"time": time.Now().In(zone).Format(time.RFC3339)})
}

func (s *service) metrics(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for _, one := range []struct {
		name  string
		value int64
	}{
		{"auth_registered_total", s.registered.Load()},
		{"auth_logins_total", s.logins.Load()},
		{"auth_logins_refused_total", s.refused.Load()},
		{"auth_events_undelivered_total", s.events.undelivered.Load()},
		{"auth_goroutines", int64(runtime.NumGoroutine())},
		{"auth_heap_bytes", int64(m.HeapAlloc)},
	} {
		fmt.Fprintln(w, one.name, one.value)
	}
}

// webhook sends an event and waits: the way to try a new URL or CA.
func (s *service) webhook(w http.ResponseWriter, _ *http.Request) {
	if err := s.events.deliver(event("tried", "")); err != nil {
		answer(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]string{"webhook": "ok"})
}

func (s *service) admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/version", s.version)
	mux.HandleFunc("/health", s.health)
	// The process serves, whatever its databases do.
	mux.HandleFunc("/live", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/metrics", s.metrics)
	mux.HandleFunc("/time", clock)
	mux.HandleFunc("/audit", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, s.events.path)
	})
	mux.HandleFunc("/webhook", only(http.MethodPost, s.webhook))
	return mux
}
