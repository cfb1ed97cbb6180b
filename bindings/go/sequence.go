// SPDX-License-Identifier: Apache-2.0

package modelreg

import "iter"

// Page is one page of a list.
type Page[T any] struct {
	// What is in the page.
	Records []T

	// Token for the options of the call that reads the next page; "" at the end.
	NextToken string
}

// pages goes over a list page by page, each read when it is needed.
func pages[T any](token string, read func(token string) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token := token; ; {
			page, err := read(token)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, record := range page.Records {
				if !yield(record, nil) {
					return
				}
			}
			if page.NextToken == "" {
				return
			}
			token = page.NextToken
		}
	}
}

// all goes over what has a length and an element for each index.
func all[T any](length func() (int, error), at func(int) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := 0; ; i++ {
			var element T
			count, err := length()
			if err == nil && i >= count {
				return
			}
			if err == nil {
				element, err = at(i)
			}
			if !yield(element, err) || err != nil {
				return
			}
		}
	}
}
