// api.go - what users' programs ask on port 8080, in JSON.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	bodyMax     = 4096
	healthLimit = 2 * time.Second // the health check itself gives up after three
)

type service struct {
	users    *users
	sessions *sessions
	events   *events

	registered, logins, refused atomic.Int64
}

type login struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

func answer(w http.ResponseWriter, status int, body interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// fail says what the caller did wrong, and keeps to the log what we did.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, errTaken):
		status = http.StatusConflict
	case errors.Is(err, errUnknown), errors.Is(err, errNoSession):
		status = http.StatusUnauthorized
	default:
		log.Printf("%s: %v", r.URL.Path, err)
		err = errors.New("try again later")
	}
	answer(w, status, map[string]string{"error": err.Error()})
}

// only lets one method through.
func only(method string, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			w.Header().Set("Allow", method)
			answer(w, http.StatusMethodNotAllowed, map[string]string{"error": "use " + method})
			return
		}
		then(w, r)
	}
}

func read(w http.ResponseWriter, r *http.Request) (login, bool) {
	var l login
	err := json.NewDecoder(io.LimitReader(r.Body, bodyMax)).Decode(&l)
	if err != nil || l.Name == "" || l.Password == "" || len(l.Password) > passwordMax {
		answer(w, http.StatusBadRequest, map[string]string{
			"error": `send {"name": ..., "password": ...}, the latter of 1 to 72 bytes`})
		return l, false
	}
	return l, true
}

func token(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func (s *service) register(w http.ResponseWriter, r *http.Request) {
	l, ok := read(w, r)
	if !ok {
		return
	}
	if err := s.users.add(r.Context(), l.Name, l.Password); err != nil {
		fail(w, r, err)
		return
	}
	s.registered.Add(1)
	s.events.happened("registered", l.Name)
	answer(w, http.StatusCreated, map[string]string{"name": l.Name})
}

func (s *service) login(w http.ResponseWriter, r *http.Request) {
	l, ok := read(w, r)
	if !ok {
		return
	}
	if err := s.users.check(r.Context(), l.Name, l.Password); err != nil {
		s.refused.Add(1)
		fail(w, r, err)
		return
	}
	token, err := s.sessions.open(r.Context(), l.Name)
	if err != nil {
		fail(w, r, err)
		return
	}
	s.logins.Add(1)
	s.events.happened("logged in", l.Name)
	answer(w, http.StatusOK, map[string]string{"token": token})
}

func (s *service) verify(w http.ResponseWriter, r *http.Request) {
	name, err := s.sessions.name(r.Context(), token(r))
	if err != nil {
		fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"name": name})
}

func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.end(r.Context(), token(r)); err != nil {
		fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// health is of what the service needs, and names what does not answer.
func (s *service) health(w http.ResponseWriter, r *http.Request) {
	limit, done := context.WithTimeout(r.Context(), healthLimit)
	defer done()
	database := make(chan error, 1)
	go func() { database <- s.users.ready(limit) }()
	status, body := http.StatusOK, map[string]string{}
	for name, err := range map[string]error{
		"sessions": s.sessions.ready(limit), "database": <-database,
	} {
		body[name] = "ok"
		if err != nil {
			status, body[name] = http.StatusServiceUnavailable, err.Error()
		}
	}
	answer(w, status, body)
}

func (s *service) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/register", only(http.MethodPost, s.register))
	mux.HandleFunc("/login", only(http.MethodPost, s.login))
	mux.HandleFunc("/verify", only(http.MethodGet, s.verify))
	mux.HandleFunc("/logout", only(http.MethodPost, s.logout))
	mux.HandleFunc("/health", s.health)
	return mux
}
