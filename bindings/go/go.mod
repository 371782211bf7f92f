module aurora.dev/aurora

go 1.19
