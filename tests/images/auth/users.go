// users.go - names and hashed passwords, in PostgreSQL.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lib/pq"
	"golang.org/x/crypto/bcrypt"
)

const passwordMax = 72 // bytes: bcrypt looks at no more

var (
	errTaken   = errors.New("this name is taken")
	errUnknown = errors.New("unknown name or wrong password")
	errFrozen  = errors.New("no answer in time")
)

// What a wrong name is compared with, so that it takes as long as a wrong password.
var nobody, _ = bcrypt.GenerateFromPassword([]byte("nobody"), bcrypt.DefaultCost)

type users struct {
	db     *sql.DB
	asking chan struct{} // full while ready's question is under way
	made   bool          // the table is there; asking's holder has it
}

// openUsers connects to nothing yet: its error is one of the URL.
func openUsers(url string) (*users, error) {
	connector, err := pq.NewConnector(url)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(10)
	db.SetConnMaxIdleTime(time.Minute)
	return &users{db: db, asking: make(chan struct{}, 1)}, nil
}

// ready is nil once the database answers and has the table. A frozen server holds the
// driver longer than the context, so that one question is under way at most.
func (u *users) ready(ctx context.Context) error {
	select {
	case u.asking <- struct{}{}:
	case <-ctx.Done():
		return errFrozen
	}
	answer := make(chan error, 1)
	go func() {
		answer <- u.ask(ctx)
		<-u.asking
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return errFrozen
	}
}

func (u *users) ask(ctx context.Context) error {
	if u.made {
		return u.db.PingContext(ctx)
	}
	_, err := u.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS users (
		name text PRIMARY KEY, hash bytea NOT NULL, since timestamptz DEFAULT now())`)
	u.made = err == nil
	return err
}

func (u *users) add(ctx context.Context, name, password string) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	_, err = u.db.ExecContext(ctx, "INSERT INTO users (name, hash) VALUES ($1, $2)", name, hash)
	var refused *pq.Error
	if errors.As(err, &refused) && refused.Code.Name() == "unique_violation" {
		return errTaken
	}
	return err
}

func (u *users) check(ctx context.Context, name, password string) error {
	hash := nobody
	err := u.db.QueryRowContext(ctx, "SELECT hash FROM users WHERE name = $1", name).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(password)) != nil || err != nil {
		return errUnknown
	}
	return nil
}

func (u *users) close() { u.db.Close() }
