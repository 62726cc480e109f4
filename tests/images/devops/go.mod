module devops

go 1.22
