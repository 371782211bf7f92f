module example.com/http_service

go 1.19

require aurora.dev/aurora v0.0.0

// The binding of this tree. A program elsewhere names the folder it has unpacked.
replace aurora.dev/aurora => ../../../bindings/go
