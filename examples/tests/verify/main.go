package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Answers each pure case of the vectors: its id, and the reason or the subject.
func main() {
	var file struct {
		KeyDocuments map[string]struct {
			Body     string
			PaddedTo int `json:"padded_to"`
		} `json:"key_documents"`
		Settings struct{ Door, Agent string }
		Cases    []struct {
			ID       string
			Pure     bool
			Settings struct{ Door, Agent string }
			Steps    []struct {
				Now     uint64
				Keys    string
				Request struct {
					Method, Target string
					Headers        [][2]string
					Body           struct {
						Base64, Repeat string
						Times          int
					}
				}
			}
		}
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		panic(err)
	}
	for _, c := range file.Cases {
		if !c.Pure {
			continue
		}
		step := c.Steps[0]
		request := Request{Method: step.Request.Method, Target: step.Request.Target}
		for _, header := range step.Request.Headers {
			value := []byte{}
			for _, character := range header[1] {
				value = append(value, byte(character))
			}
			request.Headers = append(request.Headers, [2]string{strings.ToLower(header[0]), string(value)})
		}
		request.Body, _ = base64.StdEncoding.DecodeString(step.Request.Body.Base64)
		if step.Request.Body.Repeat != "" {
			request.Body = []byte(strings.Repeat(step.Request.Body.Repeat, step.Request.Body.Times))
		}
		door, agent := file.Settings.Door, file.Settings.Agent
		if c.Settings.Door != "" {
			door = c.Settings.Door
		}
		if c.Settings.Agent != "" {
			agent = c.Settings.Agent
		}
		document := file.KeyDocuments[step.Keys]
		claims, err := Verify(request, Keys([]byte(document.Body)), door, agent, step.Now)
		said := any(nil)
		if err == nil {
			said = map[string]any{"caller": claims}
		} else {
			said = map[string]any{"reason": err.Error()}
		}
		line, _ := json.Marshal(map[string]any{"id": c.ID, "said": said})
		fmt.Println(string(line))
	}
}
