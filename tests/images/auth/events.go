// events.go - who did what: into a file, and by HTTPS to whoever wants to know.
//
// SPDX-License-Identifier: MIT
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const deliverLimit = 3 * time.Second

type events struct {
	path, url string
	file      *os.File
	client    http.Client

	underWay    sync.WaitGroup
	undelivered atomic.Int64
}

// openEvents takes an empty path or URL for none of the kind.
func openEvents(path, url string) (*events, error) {
	e := &events{path: path, url: url, client: http.Client{Timeout: deliverLimit}}
	if path == "" {
		return e, nil
	}
	var err error
	e.file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return e, err
}

// event is a line of JSON, with the time as the zone of $TZ has it.
func event(what, name string) []byte {
	line, _ := json.Marshal(map[string]string{
		"time": time.Now().Format(time.RFC3339), "event": what, "name": name})
	return append(line, '\n')
}

func (e *events) happened(what, name string) {
	line := event(what, name)
	if e.file != nil {
		if _, err := e.file.Write(line); err != nil {
			log.Print("audit: ", err)
		}
	}
	if e.url == "" {
		return
	}
	e.underWay.Add(1)
	go func() {
		defer e.underWay.Done()
		if err := e.deliver(line); err != nil {
			e.undelivered.Add(1)
			log.Print("webhook: ", err)
		}
	}()
}

func (e *events) deliver(line []byte) error {
	if e.url == "" {
		return errors.New("WEBHOOK_URL is not set")
	}
	got, err := e.client.Post(e.url, "application/json", bytes.NewReader(line))
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", e.url, got.Status)
	}
	return nil
}

// close waits for what is under way; a delivery has a time limit of its own.
func (e *events) close() {
	e.underWay.Wait()
	if e.file != nil {
		e.file.Close()
	}
}
