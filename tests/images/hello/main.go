// main.go - a web server that greets.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"syscall"
)

func main() {
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer end()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Hello from", r.Host)
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: ":8080"}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-stop.Done()
		server.Shutdown(context.Background())
	}()
	log.Println("listening on", server.Addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-ended // ListenAndServe returns when Shutdown begins
	log.Println("stopped in order")
}
