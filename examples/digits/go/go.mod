module digits

go 1.24

require modelreg v0.1.0

replace modelreg => ../../../bindings/go
