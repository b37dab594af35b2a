// evbench posts N webhook events and receives the HTTP triggers they cause.
// It prints one JSON line: accepted and delivered per second, latency percentiles (ms), lost, duplicates.
//
// An event counts as lost when it was answered 2xx and no trigger came. duplicates counts triggers beyond the first of an
// event (raw); twice counts events that came with more than one Idempotency-Key: those a receiver could not tell apart.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

type arrivals struct {
	sync.Mutex
	times []int
	keys  []string
	other []bool
	lat   []float64
	last  time.Time
}

func main() {
	url := flag.String("url", "http://127.0.0.1:12000/example", "webhook")
	auth := flag.String("auth", "", "Authorization header")
	sink := flag.String("sink", "127.0.0.1:9900", "address the HTTP trigger posts to")
	n := flag.Int("n", 5000, "events")
	c := flag.Int("c", 16, "senders")
	rate := flag.Float64("rate", 0, "events a second, 0: as fast as accepted")
	wait := flag.Duration("wait", 60*time.Second, "most time to wait for the last trigger")
	match := flag.Int("match", 1, "every how many events pass the filter")
	flag.Parse()

	sent := make([]time.Time, *n)
	answered := make([]bool, *n)
	got := arrivals{times: make([]int, *n), keys: make([]string, *n), other: make([]bool, *n)}
	var delivered int64
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		b, _ := io.ReadAll(r.Body)
		var m struct {
			ID json.Number `json:"id"`
		}
		if json.Unmarshal(b, &m) != nil {
			w.WriteHeader(400)
			return
		}
		i, err := m.ID.Int64()
		if err != nil || i < 0 || int(i) >= *n {
			w.WriteHeader(400)
			return
		}
		key := r.Header.Get("Idempotency-Key")
		got.Lock()
		got.times[i]++
		if got.times[i] == 1 {
			got.keys[i] = key
			got.lat = append(got.lat, now.Sub(sent[i]).Seconds()*1000)
			got.last = now
			atomic.AddInt64(&delivered, 1)
		} else if got.keys[i] != key {
			got.other[i] = true
		}
		got.Unlock()
		w.WriteHeader(200)
	})
	go func() { fmt.Fprintln(os.Stderr, http.ListenAndServe(*sink, mux)) }()
	time.Sleep(200 * time.Millisecond)

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *c}, Timeout: 30 * time.Second}
	var next, failed int64 = -1, 0
	start := time.Now()
	var wg sync.WaitGroup
	for k := 0; k < *c; k++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := atomic.AddInt64(&next, 1)
				if int(i) >= *n {
					return
				}
				if *rate > 0 {
					time.Sleep(time.Until(start.Add(time.Duration(float64(i) / *rate * 1e9))))
				}
				msg := "hello"
				if int(i)%*match != 0 {
					msg = "drop"
				}
				body, _ := json.Marshal(map[string]any{"id": i, "message": msg, "pad": "0123456789012345678901234567890123456789"})
				req, _ := http.NewRequest("POST", *url, bytes.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				if *auth != "" {
					req.Header.Set("Authorization", *auth)
				}
				sent[i] = time.Now()
				resp, err := client.Do(req)
				if err != nil {
					atomic.AddInt64(&failed, 1)
					continue
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode >= 300 {
					atomic.AddInt64(&failed, 1)
					continue
				}
				answered[i] = true
			}
		}()
	}
	wg.Wait()
	accepted := time.Since(start)
	// Not delivered though answered and matching.
	missing := func() int {
		got.Lock()
		defer got.Unlock()
		count := 0
		for i := 0; i < *n; i += *match {
			if answered[i] && got.times[i] == 0 {
				count++
			}
		}
		return count
	}
	for deadline := time.Now().Add(*wait); missing() > 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	lost := missing()
	got.Lock()
	sort.Float64s(got.lat)
	duplicates, twice := 0, 0
	for i, times := range got.times {
		duplicates += max(0, times-1)
		if got.other[i] {
			twice++
		}
	}
	p := func(q float64) float64 {
		if len(got.lat) == 0 {
			return -1
		}
		return got.lat[min(len(got.lat)-1, int(q*float64(len(got.lat))))]
	}
	out, _ := json.Marshal(map[string]any{"n": *n, "failed": failed, "accepted_per_s": float64(*n) / accepted.Seconds(),
		"delivered": delivered, "lost": lost, "duplicates": duplicates, "twice": twice,
		"delivered_per_s": float64(delivered) / got.last.Sub(start).Seconds(),
		"p50_ms":          p(.5), "p95_ms": p(.95), "p99_ms": p(.99), "max_ms": p(1)})
	fmt.Println(string(out))
}
