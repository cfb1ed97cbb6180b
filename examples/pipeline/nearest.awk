# SPDX-License-Identifier: Apache-2.0
# Reads what centroids.awk wrote and then images; says each image is the digit whose mean is
# nearest, and prints the share of images for which that is right; with `each` set, for every digit
# on a line of its own. Only the images from number `from` to number `to` are looked at.
BEGIN { FS = "," }
FNR == NR {
  for (i = 1; i <= 64; i++) mean[$1, i] = $(i + 1)
  digits[$1]
  next
}
FNR >= from && FNR <= to {
  best = ""
  for (digit in digits) {
    distance = 0
    for (i = 1; i <= 64; i++) distance += ($i - mean[digit, i]) ^ 2
    if (best == "" || distance < nearest) { best = digit; nearest = distance }
  }
  total++
  right += best == $65
  seen[$65]++
  hits[$65] += best == $65
}
END {
  if (!each) printf "%.4f\n", total ? right / total : 0
  for (digit = 0; each && digit <= 9; digit++)
    if (seen[digit]) printf "%d %.4f\n", digit, hits[digit] / seen[digit]
}
