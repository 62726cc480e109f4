// main.go - an API for the seats of workshops, with Prometheus metrics.
//
//	GET  /api              all workshops
//	GET  /api/ID           one of them
//	POST /api/ID/seats     take a seat; 409 if there is none left
//	GET  /health, /metrics
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	requests = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "workshop_requests_total",
		Help: "Requests to the API, by method and status.",
	}, []string{"method", "code"})
	durations = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "workshop_request_duration_seconds",
		Help: "Time that requests to the API took.",
	}, []string{"method"})
	free = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "workshop_seats_free",
		Help: "Seats that nobody has taken yet.",
	}, []string{"workshop"})
)

type workshop struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Seats int    `json:"seats"`
}

var (
	errUnknown = errors.New("there is no such workshop")
	errFull    = errors.New("there is no seat left")
)

// A programme is what is on offer.
type programme struct {
	mu        sync.Mutex
	workshops []workshop
}

func (p *programme) all() []workshop {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]workshop(nil), p.workshops...)
}

// change gives the workshop of this id to do, and returns what it is then.
func (p *programme) change(id string, do func(*workshop) error) (workshop, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.workshops {
		w := &p.workshops[i]
		if w.ID == id {
			err := do(w)
			free.WithLabelValues(w.ID).Set(float64(w.Seats))
			return *w, err
		}
	}
	return workshop{}, errUnknown
}

func look(*workshop) error { return nil }

func takeSeat(w *workshop) error {
	if w.Seats == 0 {
		return errFull
	}
	w.Seats--
	return nil
}

// answer writes JSON, or what is wrong.
func answer(w http.ResponseWriter, what any, err error) {
	code := http.StatusOK
	switch {
	case errors.Is(err, errUnknown):
		code = http.StatusNotFound
	case errors.Is(err, errFull):
		code = http.StatusConflict
	}
	if err != nil {
		what = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(what); err != nil {
		slog.Warn("answer not sent", "error", err)
	}
}

// api answers below /api.
func (p *programme) api(w http.ResponseWriter, r *http.Request) {
	id, rest, _ := strings.Cut(strings.Trim(strings.TrimPrefix(r.URL.Path, "/api"), "/"), "/")
	switch ask := r.Method + " " + rest; {
	case id == "" && ask == "GET ":
		answer(w, p.all(), nil)
	case ask == "GET ":
		got, err := p.change(id, look)
		answer(w, got, err)
	case ask == "POST seats":
		got, err := p.change(id, takeSeat)
		answer(w, got, err)
	default:
		http.Error(w, "there is no such request", http.StatusMethodNotAllowed)
	}
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer end()

	seats, err := strconv.Atoi(env("SEATS", "12"))
	if err != nil || seats < 0 {
		slog.Error("SEATS must be a number", "SEATS", os.Getenv("SEATS"))
		os.Exit(2)
	}
	p := &programme{workshops: []workshop{
		{"containers", "Small containers", seats}, {"go", "Go in a day", seats}}}
	for _, w := range p.all() {
		free.WithLabelValues(w.ID).Set(float64(w.Seats))
	}
	mux := http.NewServeMux()
	api := promhttp.InstrumentHandlerCounter(requests,
		promhttp.InstrumentHandlerDuration(durations, http.HandlerFunc(p.api)))
	mux.Handle("/api", api)
	mux.Handle("/api/", api)
	mux.Handle("/metrics", promhttp.Handler())
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]string{"status": "healthy"}, nil)
	})
	server := &http.Server{Addr: ":" + env("PORT", "8080"), Handler: mux,
		ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-stop.Done()
		late, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(late); err != nil {
			slog.Error("requests were cut", "error", err)
		}
	}()
	slog.Info("listening", "address", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		slog.Error("cannot serve", "error", err)
		os.Exit(1)
	}
	<-ended // ListenAndServe returns when Shutdown begins
	slog.Info("stopped in order")
}

func env(name, other string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return other
}
