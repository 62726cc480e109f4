// main.go - an auth service: users in PostgreSQL, sessions in Redis.
//
// It starts and serves whether these two can be reached or not; /health is 503 until
// both answer.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const stopLimit = 5 * time.Second // for requests and events that are under way

// Set by -ldflags -X.
var version, commit, buildTime = "dev", "unknown", "unknown"

func setting(name string) string {
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("%s is not set", name)
	}
	return value
}

func serve(addr string, handler http.Handler, failed chan<- error) *http.Server {
	server := &http.Server{Addr: addr, Handler: handler, ReadTimeout: 5 * time.Second,
		WriteTimeout: 15 * time.Second}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Println("listening on", addr)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return server
}

func main() {
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer end()
	log.Printf("auth %s (%s, built %s) runs as %s", version, commit, buildTime, whoAmI())

	users, err := openUsers(setting("DATABASE_URL"))
	if err != nil {
		log.Fatal("DATABASE_URL: ", err)
	}
	sessions := openSessions(setting("REDIS_URL"))
	events, err := openEvents(os.Getenv("AUDIT_LOG"), os.Getenv("WEBHOOK_URL"))
	if err != nil {
		log.Fatal("AUDIT_LOG: ", err)
	}
	service := &service{users: users, sessions: sessions, events: events}

	failed := make(chan error, 2)
	servers := []*http.Server{
		serve(":8080", service.api(), failed),
		serve(":9000", service.admin(), failed),
	}
	code := 0
	select {
	case <-stop.Done():
	case err := <-failed:
		log.Print(err)
		code = 1
	}
	limit, done := context.WithTimeout(context.Background(), stopLimit)
	defer done()
	for _, server := range servers {
		if err := server.Shutdown(limit); err != nil {
			log.Printf("%s: cut what was under way: %v", server.Addr, err)
			code = 1
		}
	}
	events.close()
	sessions.close()
	users.close()
	if code == 0 {
		log.Println("stopped in order")
	}
	os.Exit(code)
}
