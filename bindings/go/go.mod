module modelreg

go 1.24
