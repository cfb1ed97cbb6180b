module scenario

go 1.24

require modelreg v0.0.0

replace modelreg => ../../../bindings/go
