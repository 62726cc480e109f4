// main.go - says where it runs: time, zone, user, and whether a service can be reached.
//
//	GET /          JSON; TZ or ?zone= names the time zone
//	GET /upstream  asks $UPSTREAM (https://...); 502 with the reason if that fails
//	GET /healthz
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
	"os"
	"os/signal"
	"os/user"
	"syscall"
	"time"
)

const version = "1.4.0"

type info struct {
	Version string `json:"version"`
	Host    string `json:"host"`
	User    string `json:"user"`
	Home    string `json:"home"`
	Time    string `json:"time"`
}

func who() string {
	u, err := user.Current()
	if err != nil {
		return err.Error()
	}
	return u.Username
}

func about(w http.ResponseWriter, r *http.Request) {
	zone := time.Local
	if name := r.FormValue("zone"); name != "" {
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	host, err := os.Hostname()
	if err != nil {
		host = err.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	err = json.NewEncoder(w).Encode(info{version, host, who(), os.Getenv("HOME"),
		time.Now().In(zone).Format("2006-01-02 15:04 MST")})
	if err != nil {
		log.Print(err)
	}
}

func upstream(w http.ResponseWriter, _ *http.Request) {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(os.Getenv("UPSTREAM"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if _, err = io.Copy(w, answer.Body); err != nil {
		log.Print(err)
	}
}

func main() {
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer end()
	http.HandleFunc("/", about)
	http.HandleFunc("/upstream", upstream)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok\n")
	})
	server := &http.Server{Addr: ":8000", ReadHeaderTimeout: 5 * time.Second}
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
	log.Print("info ", version, " listens on ", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-ended // ListenAndServe returns when Shutdown begins
	log.Print("stopped in order")
}
