module info

go 1.22
