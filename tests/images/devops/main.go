// main.go - a dashboard of the sites that $SITES names (https://..., with commas).
//
//	GET /          the state of all, as text
//	GET /health
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

var client = http.Client{Timeout: 5 * time.Second}

func ask(site string) string {
	answer, err := client.Get(site)
	if err != nil {
		return err.Error()
	}
	answer.Body.Close()
	return answer.Status
}

// board asks all sites at once.
func board(sites []string) []string {
	lines := make([]string, len(sites))
	var all sync.WaitGroup
	for i, site := range sites {
		all.Add(1)
		go func(line *string, site string) {
			defer all.Done()
			*line = site + ": " + ask(site)
		}(&lines[i], site)
	}
	all.Wait()
	return lines
}

func main() {
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer end()
	sites := strings.FieldsFunc(os.Getenv("SITES"), func(c rune) bool { return c == ',' })
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, strings.Join(board(sites), "\n"))
	})
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-stop.Done()
		late, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(late); err != nil {
			log.Print("requests were cut: ", err)
		}
	}()
	log.Print("listening on ", server.Addr, ", sites: ", len(sites))
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-ended // ListenAndServe returns when Shutdown begins
	log.Print("stopped in order")
}
