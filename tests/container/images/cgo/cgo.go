// cgo.go - a program that cgo makes dynamic: it needs a loader, as most Go
// programs do that were built without CGO_ENABLED=0.
//
// SPDX-License-Identifier: MIT
package main

import "C"

func main() {}
