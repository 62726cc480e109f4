// sessions.go - who is logged in, in Redis, by the hash of a random token.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	sessionSeconds = 3600
	redisLimit     = time.Second
)

var errNoSession = errors.New("no such session")

type sessions struct{ pool *redis.Pool }

func openSessions(url string) *sessions {
	return &sessions{&redis.Pool{
		MaxIdle: 4, IdleTimeout: time.Minute,
		Dial: func() (redis.Conn, error) {
			return redis.DialURL(url, redis.DialConnectTimeout(redisLimit),
				redis.DialReadTimeout(redisLimit), redis.DialWriteTimeout(redisLimit))
		},
	}}
}

func (s *sessions) do(ctx context.Context, command string,
	args ...interface{}) (interface{}, error) {
	conn, err := s.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.Do(command, args...)
}

func (s *sessions) ready(ctx context.Context) error {
	_, err := s.do(ctx, "PING")
	return err
}

func key(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "session:" + hex.EncodeToString(sum[:])
}

func (s *sessions) open(ctx context.Context, name string) (string, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	token := hex.EncodeToString(random)
	_, err := s.do(ctx, "SET", key(token), name, "EX", sessionSeconds)
	return token, err
}

func (s *sessions) name(ctx context.Context, token string) (string, error) {
	name, err := redis.String(s.do(ctx, "GET", key(token)))
	if errors.Is(err, redis.ErrNil) {
		return "", errNoSession
	}
	return name, err
}

func (s *sessions) end(ctx context.Context, token string) error {
	_, err := s.do(ctx, "DEL", key(token))
	return err
}

func (s *sessions) close() { s.pool.Close() }
