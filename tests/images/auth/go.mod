module auth

go 1.22

require (
	github.com/gomodule/redigo v1.8.3
	github.com/lib/pq v1.10.7
	golang.org/x/crypto v0.4.0
)
