// tiny.go - a program that is quick to build for another machine.
//
// SPDX-License-Identifier: MIT
package main

func main() {}
