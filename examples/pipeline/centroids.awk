# SPDX-License-Identifier: Apache-2.0
# Reads images, 64 numbers of ink and then the digit, and prints the mean image of each digit: the
# digit and 64 numbers. Only the first `rows` images are looked at.
BEGIN { FS = OFS = "," }
NR > rows { exit }
{
  seen[$65]++
  for (i = 1; i <= 64; i++) sum[$65, i] += $i
}
END {
  for (digit = 0; digit <= 9; digit++) {
    if (!seen[digit]) continue
    line = digit
    for (i = 1; i <= 64; i++) line = line OFS sprintf("%.3f", sum[digit, i] / seen[digit])
    print line
  }
}
